"""The command line: what may be asked, and one clear line for what went wrong."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperArgument, TyperGroup, TyperOption
from typer.main import get_command

from api.cli_options import AsJson, Lang, Location, Out, Town, settings_for
from api.cli_users import users
from api.settings import Settings
from geo.errors import PlanError
from geo.vocabulary import FindingKind, Mode
from maps.wording import Wording, languages, wording

DONE, NO, WRONG, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(
    name="tongchou",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

stores = typer.Typer(rich_markup_mode=None)
app.add_typer(stores, name="store")
app.add_typer(users)


@app.command()
def init(
    store: Location = None,
    sample: Annotated[bool, typer.Option("--sample")] = False,
    if_missing: Annotated[bool, typer.Option("--if-missing")] = False,
    lang: Lang = None,
    as_json: AsJson = False,
) -> int:
    settings = settings_for(store, lang)
    if if_missing and settings.store_file_exists():
        if as_json:
            typer.echo(json.dumps({"store": settings.store, "made": False}))
        return DONE
    from api.commands.stores import make_store

    return make_store(settings, sample=sample, if_missing=if_missing, as_json=as_json)


@app.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…")],
    layer: Annotated[str | None, typer.Option("--layer", metavar="LAYER")] = None,
    crs: Annotated[str | None, typer.Option("--crs")] = None,
    encoding: Annotated[str | None, typer.Option("--encoding")] = None,
    sublayer: Annotated[str | None, typer.Option("--sublayer")] = None,
    mode: Annotated[Mode, typer.Option("--mode")] = Mode.ADD,
    source: Annotated[str | None, typer.Option("--source")] = None,
    town: Town = None,
    dry_run: Annotated[bool, typer.Option("--dry-run")] = False,
    accept_partial: Annotated[bool, typer.Option("--accept-partial")] = False,
    store: Location = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> int:
    from api.commands.intake import Asked, import_into

    asked = Asked(tuple(files), layer, crs, encoding, sublayer, mode, source, town, dry_run, accept_partial)
    return import_into(settings_for(store, lang), asked, as_json=as_json)


@app.command()
def export(
    out: Out,
    layer: Annotated[str, typer.Option("--layer", metavar="LAYER")],
    town: Town = None,
    crs: Annotated[str | None, typer.Option("--crs")] = None,
    store: Location = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> int:
    from api.commands.output import export_layer

    return export_layer(settings_for(store, lang), layer, out, town=town, crs=crs, as_json=as_json)


@app.command()
def status(store: Location = None, town: Town = None, lang: Lang = None, as_json: AsJson = False) -> int:
    from api.commands.figures import show_status

    return show_status(settings_for(store, lang), town, as_json=as_json)


@app.command()
def reconcile(store: Location = None, lang: Lang = None, as_json: AsJson = False) -> int:
    from api.commands.figures import show_reconciled

    return show_reconciled(settings_for(store, lang), as_json=as_json)


@app.command("map")
def map_file(
    out: Out,
    town: Town = None,
    theme: Annotated[str, typer.Option("--theme")] = "progress",
    store: Location = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> int:
    from api.commands.output import write_map

    return write_map(settings_for(store, lang), out, town=town, theme=theme, as_json=as_json)


@app.command()
def coordinate(
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE")] = None,
    town: Town = None,
    kind: Annotated[FindingKind | None, typer.Option("--kind", metavar="KIND")] = None,
    store: Location = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> int:
    from api.commands.coordinating import coordinate as run_rules

    return run_rules(settings_for(store, lang), town=town, kind=kind, out=out, as_json=as_json)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option("--host")] = None,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535)] = None,
    store: Location = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> int:
    from api.commands.serving import serve_store

    return serve_store(settings_for(store, lang, host=host, port=port), as_json=as_json)


@app.command()
def verify(store: Location = None, lang: Lang = None, as_json: AsJson = False) -> int:
    from api.commands.stores import verify_store

    return verify_store(settings_for(store, lang), as_json=as_json)


@app.command()
def backup(out: Out, store: Location = None, lang: Lang = None, as_json: AsJson = False) -> int:
    from api.commands.stores import backup_store

    return backup_store(settings_for(store, lang), out, as_json=as_json)


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(metavar="FILE")],
    store: Location = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> int:
    from api.commands.stores import restore_store

    return restore_store(settings_for(store, lang), source, as_json=as_json)


@app.command()
def migrate(
    service: Annotated[str | None, typer.Option("--service", metavar="ROLE")] = None,
    store: Location = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> int:
    from api.commands.stores import migrate_store

    return migrate_store(settings_for(store, lang), service, as_json=as_json)


@stores.command("copy")
def store_copy(
    from_store: Annotated[str, typer.Argument(metavar="FROM")],
    to_store: Annotated[str, typer.Argument(metavar="TO")],
    lang: Lang = None,
    as_json: AsJson = False,
) -> int:
    from api.commands.stores import copy_stores

    return copy_stores(settings_for(None, lang), from_store, to_store, as_json=as_json)


def main() -> None:
    """The entry point of ``tongchou``."""
    raise SystemExit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and give its exit status: 0 done, 1 the answer is no, 2 wrong use or bad input."""
    words = wording(_language(arguments))
    command = get_command(app)
    assert isinstance(command, TyperGroup)
    _translate(command, words)
    try:
        status = command.main(args=list(arguments) or ["--help"], prog_name="tongchou", standalone_mode=False)
    except PlanError as error:
        _say_error(words.error(error), error.code, dict(error.facts), "--json" in arguments)
        return WRONG
    except typer.TyperException as error:
        _say_error(words("cli.usage", problem=error.format_message()), "usage", {}, "--json" in arguments)
        return WRONG
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        return DONE
    return int(status or DONE) if arguments else WRONG


def _language(arguments: Sequence[str]) -> str:
    """What ``--lang`` names, else what the environment does; a wrong name is told in the default language."""
    for place, argument in enumerate(arguments):
        named = argument.removeprefix("--lang=") if argument.startswith("--lang=") else None
        if argument == "--lang" and place + 1 < len(arguments):
            named = arguments[place + 1]
        if named in languages():
            return str(named)
    return _from_environment()


def _from_environment() -> str:
    try:
        return Settings().lang
    except ValueError:
        return "zh"


def _say_error(sentence: str, code: str, facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        shown = {name: str(value) for name, value in facts.items()}
        typer.echo(
            json.dumps({"code": code, "title": sentence, "facts": shown}, ensure_ascii=False), err=True
        )
    else:
        typer.echo(sentence.replace("\n", " "), err=True)


def _translate(command: TyperGroup, words: Wording) -> None:
    """Put the help of the reader's language into every command and option."""
    command.help = words("cli.help.tongchou")
    _translate_parts(command, words, "")


def _translate_parts(group: TyperGroup, words: Wording, prefix: str) -> None:
    for name, part in group.commands.items():
        part.help = part.short_help = words(f"cli.help.{prefix}{name}")
        if isinstance(part, TyperGroup):
            _translate_parts(part, words, f"{prefix}{name}_")
        for parameter in part.params:
            if isinstance(parameter, TyperOption | TyperArgument):
                parameter.help = words(f"cli.option.{parameter.name}")
