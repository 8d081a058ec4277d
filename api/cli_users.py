"""``tongchou user``: what may be asked about accounts."""

from typing import Annotated

import typer

from api.cli_options import AsJson, Lang, Location, Town, settings_for

users = typer.Typer(name="user", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME")]
RoleName = Annotated[str, typer.Option("--role", metavar="ROLE")]
Owner = Annotated[str | None, typer.Option("--owner", metavar="OWNER")]


@users.command()
def add(
    name: Name,
    role: RoleName,
    display_name: Annotated[str, typer.Option("--display-name")] = "",
    town: Town = None,
    owner: Owner = None,
    store: Location = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> int:
    from api.commands.users import add_user

    settings = settings_for(store, lang)
    return add_user(settings, name, role, display_name=display_name, town=town, owner=owner, as_json=as_json)


@users.command("list")
def list_all(store: Location = None, lang: Lang = None, as_json: AsJson = False) -> int:
    from api.commands.users import list_users

    return list_users(settings_for(store, lang), as_json=as_json)


@users.command()
def link(name: Name, store: Location = None, lang: Lang = None, as_json: AsJson = False) -> int:
    from api.commands.users import link_user

    return link_user(settings_for(store, lang), name, as_json=as_json)


@users.command()
def role(
    name: Name,
    role: RoleName,
    town: Town = None,
    owner: Owner = None,
    store: Location = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> int:
    from api.commands.users import set_role

    return set_role(settings_for(store, lang), name, role, town=town, owner=owner, as_json=as_json)


@users.command()
def disable(name: Name, store: Location = None, lang: Lang = None, as_json: AsJson = False) -> int:
    from api.commands.users import set_disabled

    return set_disabled(settings_for(store, lang), name, True, as_json=as_json)


@users.command()
def enable(name: Name, store: Location = None, lang: Lang = None, as_json: AsJson = False) -> int:
    from api.commands.users import set_disabled

    return set_disabled(settings_for(store, lang), name, False, as_json=as_json)


@users.command()
def password(
    name: Name,
    password: Annotated[
        str, typer.Option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
    ],
    store: Location = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> int:
    from api.commands.users import set_password

    return set_password(settings_for(store, lang), name, password, as_json=as_json)


@users.command()
def token(
    name: Name,
    label: Annotated[str, typer.Option("--label")],
    scope: Annotated[list[str], typer.Option("--scope", metavar="read|edit|export")],
    days: Annotated[int, typer.Option("--days")] = 90,
    store: Location = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> int:
    from api.commands.users import make_token

    return make_token(settings_for(store, lang), name, label, scope, days, as_json=as_json)


@users.command()
def forget(name: Name, store: Location = None, lang: Lang = None, as_json: AsJson = False) -> int:
    from api.commands.users import forget_user

    return forget_user(settings_for(store, lang), name, as_json=as_json)
