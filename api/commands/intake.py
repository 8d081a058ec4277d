"""Importing files: what was read, what is wrong with which row, and what was recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from api.commands.figures import town_code
from api.commands.saying import progress, say, say_error, say_json
from api.settings import Settings
from api.wiring import Services, now, open_services
from geo.errors import NotFound
from geo.intake.prepare import changes, prepare
from geo.intake.report import Intake, RowNote
from geo.intake.towns import Committee
from geo.store.opening import is_database, store_path
from geo.store.record import Recorded, record
from geo.vocabulary import Mode
from maps.wording import Wording, wording

NOTES_SHOWN = 60


@dataclass(frozen=True)
class Asked:
    """What the command line asks of an import."""

    files: tuple[Path, ...]
    layer: str | None
    crs: str | None
    encoding: str | None
    sublayer: str | None
    mode: Mode
    source: str | None
    town: str | None
    dry_run: bool
    accept_partial: bool


def import_into(settings: Settings, asked: Asked, *, as_json: bool) -> int:
    """Import; 2 where rows were refused and a part was not accepted: then nothing is changed."""
    words = wording(settings.lang)
    services = open_services(settings)
    try:
        with progress(words) as steps:
            existing = services.keeper.current().frames
            intake = _prepared(services, asked, existing, steps)
            kept = not asked.dry_run and (not intake.refused or asked.accept_partial)
            recorded = _recorded(services, asked, intake, existing, steps, words) if kept else None
    finally:
        services.close()
    if as_json:
        say_json(_report(intake, asked, recorded, words))
    else:
        _say(intake, asked, recorded, words)
    fault = intake.fault()
    if fault is None or (asked.accept_partial and (recorded is not None or asked.dry_run)):
        return 0
    say_error(words.error(fault))
    return 2


def _prepared(services: Services, asked: Asked, existing: Mapping[str, pd.DataFrame], steps: Any) -> Intake:
    location = services.settings.store
    return prepare(
        asked.files,
        asked.layer,
        district=services.district,
        catalogue=services.data.catalogue,
        committees=[Committee(name, town) for _, name, town in services.data.committees],
        existing=existing,
        mode=asked.mode,
        crs=asked.crs,
        encoding=asked.encoding,
        sublayer=asked.sublayer,
        source=asked.source,
        default_town=town_code(services.district, asked.town),
        store_path=None if is_database(location) else store_path(location),
        on_progress=steps,
    )


def _recorded(
    services: Services,
    asked: Asked,
    intake: Intake,
    existing: Mapping[str, pd.DataFrame],
    steps: Any,
    words: Wording,
) -> Recorded:
    names = ", ".join(path.name for path in asked.files)
    return record(
        services.store,
        changes(intake, existing, asked.mode),
        actor=services.settings.actor,
        at=now(),
        origin=f"import:{intake.source}",
        summary=words("cli.import.summary", files=names, layer=intake.layer),
        on_progress=lambda done, total: steps("record", done, total),
    )


def _report(intake: Intake, asked: Asked, recorded: Recorded | None, words: Wording) -> dict[str, Any]:
    return {
        "layer": intake.layer,
        "source": intake.source,
        "mode": str(asked.mode),
        "dry_run": asked.dry_run,
        "read": intake.read,
        "accepted": intake.accepted,
        "repaired": intake.repaired,
        "refused": intake.refused,
        "kept": intake.kept,
        "created": dict(intake.created),
        "removed": {layer: len(ids) for layer, ids in intake.removed.items()},
        "rows": {layer: len(frame) for layer, frame in intake.frames.items()},
        "stored": recorded is not None,
        "recorded": None if recorded is None else vars(recorded),
        "notes": [
            {
                "level": str(note.level),
                "code": note.code,
                "sheet": note.sheet,
                "row": note.row,
                "column": note.column,
                "value": note.value,
                "title": sentence(note, words),
            }
            for note in intake.rows
        ],
    }


def _say(intake: Intake, asked: Asked, recorded: Recorded | None, words: Wording) -> None:
    say(
        words(
            "cli.import.counts",
            read=intake.read,
            accepted=intake.accepted,
            repaired=intake.repaired,
            refused=intake.refused,
        )
    )
    for layer, count in intake.created.items():
        if count:
            say(words("cli.import.created", layer=_layer_word(layer, words), count=count))
    for note in intake.rows[:NOTES_SHOWN]:
        say(f"{words('cli.level.' + str(note.level))}  {sentence(note, words)}")
    if len(intake.rows) > NOTES_SHOWN:
        say(words("app.more", count=len(intake.rows) - NOTES_SHOWN))
    if recorded is not None:
        counts = {name: getattr(recorded, name) for name in ("revision", "added", "updated", "removed")}
        say(words("cli.import.recorded", **counts))
    elif asked.dry_run:
        say(words("cli.import.dry_run"))
    elif not intake.refused:
        say(words("cli.import.nothing"))


def _layer_word(layer: str, words: Wording) -> str:
    key = f"map.layer.{layer}"
    return words(key) if key in words else words(f"app.layer.{layer}")


def sentence(note: RowNote, words: Wording) -> str:
    """``第 14 行：…``: where, and what is wrong; the code itself where the locale has no words for it."""
    facts = {"row": note.row, "column": note.column, "value": note.value, "sheet": note.sheet, **note.facts}
    try:
        text = words(f"intake.{note.code}", **facts)
    except NotFound:
        text = " ".join(str(part) for part in (note.code, note.column, note.value) if part)
    if note.row is None:
        return text
    where = words("cli.import.row", row=note.row)
    if note.sheet:
        where = words("cli.import.sheet_row", sheet=note.sheet, row=note.row)
    return words("cli.import.at", where=where, text=text)
