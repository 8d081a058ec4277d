"""Accounts on the command line: the way in for whoever owns the machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from api.accounts.accounts import Accounts
from api.accounts.people import Account, role_named
from api.commands.saying import say, say_json, say_table
from api.settings import Settings
from api.wiring import accounts_of, open_services, read_data
from geo.errors import BadInput, StoreMissing, UnknownTown
from geo.store.locations import is_database
from geo.store.opening import store_path
from geo.vocabulary import Role
from maps.wording import Wording, wording

LINK_HOURS = 72
HOUR_S = 3600
FIRST_HOURS = 24
FIRST = "planner"


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Accounts, Wording]]:
    """The accounts of a store that is there: a slip in ``--store`` must not make a file of accounts."""
    beside = settings.accounts is None and not is_database(settings.store)
    if beside and not store_path(settings.store).exists():
        raise StoreMissing(path=str(store_path(settings.store)))
    accounts = accounts_of(settings)
    try:
        yield accounts, wording(settings.lang)
    finally:
        accounts.close()


def add_user(
    settings: Settings,
    name: str,
    role: str,
    *,
    display_name: str,
    town: str | None,
    owner: str | None,
    as_json: bool,
) -> int:
    """Make an account, and a link by which its person comes in first."""
    with _opened(settings) as (accounts, words):
        account = accounts.people.add(
            name, role_named(role), display_name=display_name, **places(settings, town, owner)
        )
        link = link_for(settings, accounts, account, LINK_HOURS)
        if as_json:
            say_json({**told(account), "link": link})
        else:
            say(words("cli.user.added", name=account.name, role=words(f"role.{account.role}")))
            say(words("cli.user.link", link=link, hours=LINK_HOURS))
    return 0


def list_users(settings: Settings, *, as_json: bool) -> int:
    """Every account: who, what, since when, in last."""
    with _opened(settings) as (accounts, words):
        known, last = accounts.people.all(), accounts.entry.last()
        if as_json:
            say_json([{**told(one), "last_sign_in": _moment(last.get(one.id))} for one in known])
            return 0
        headings = ("name", "display_name", "role", "place", "last")
        rows = [
            (
                one.name,
                one.display_name,
                words(f"role.{one.role}"),
                one.town or one.owner or "",
                words("account.disabled") if one.disabled else _moment(last.get(one.id)) or "—",
            )
            for one in known
        ]
        say_table([words(f"cli.user.{heading}") for heading in headings], rows)
    return 0


def link_user(settings: Settings, name: str, *, as_json: bool) -> int:
    """Make a link that lets somebody in once."""
    with _opened(settings) as (accounts, words):
        link = link_for(settings, accounts, accounts.people.named(name), LINK_HOURS)
        if as_json:
            say_json({"link": link, "hours": LINK_HOURS})
        else:
            say(words("cli.user.link", link=link, hours=LINK_HOURS))
    return 0


def set_role(
    settings: Settings, name: str, role: str, *, town: str | None, owner: str | None, as_json: bool
) -> int:
    """Make somebody something else."""
    return _changed(
        settings,
        name,
        lambda accounts, known: accounts.people.set_role(
            known.id, role_named(role), **places(settings, town, owner)
        ),
        as_json=as_json,
    )


def set_disabled(settings: Settings, name: str, disabled: bool, *, as_json: bool) -> int:
    """Shut somebody out or let them in again."""
    return _changed(
        settings,
        name,
        lambda accounts, known: accounts.people.set_disabled(known.id, disabled),
        as_json=as_json,
    )


def set_password(settings: Settings, name: str, password: str, *, as_json: bool) -> int:
    """Give somebody a password."""

    def change(accounts: Accounts, known: Account) -> Account:
        accounts.entry.set_password(known, password)
        return accounts.people.find(known.id)

    return _changed(settings, name, change, as_json=as_json)


def forget_user(settings: Settings, name: str, *, as_json: bool) -> int:
    """Erase a person's names; the history keeps an id that says nothing."""
    with _opened(settings) as (accounts, words):
        account = accounts.people.named(name)
        accounts.people.forget(account.id)
        if as_json:
            say_json({"id": account.id, "forgotten": True})
        else:
            say(words("cli.user.forgotten", name=account.name, id=account.id))
    return 0


def make_token(
    settings: Settings, name: str, label: str, scopes: list[str], days: int, *, as_json: bool
) -> int:
    """Make a token, shown this once."""
    with _opened(settings) as (accounts, words):
        account = accounts.people.named(name)
        token, secret = accounts.tokens.make(account.id, label, scopes, days)
        if as_json:
            expires = _moment(token.expires_at)
            say_json({"id": token.id, "token": secret, "scopes": token.scopes, "expires": expires})
        else:
            say(words("account.token_made", label=token.label))
            say(secret)
            say(words("account.shown_once"))
    return 0


def _changed(
    settings: Settings, name: str, change: Callable[[Accounts, Account], Account], *, as_json: bool
) -> int:
    with _opened(settings) as (accounts, words):
        account = change(accounts, accounts.people.named(name))
        if as_json:
            say_json(told(account))
        else:
            state = words("account.disabled") if account.disabled else words("cli.user.open")
            say(words("cli.user.changed", name=account.name, role=words(f"role.{account.role}"), state=state))
    return 0


def told(account: Account) -> dict[str, Any]:
    """An account as JSON."""
    return {**vars(account), "role": str(account.role), "created_at": _moment(account.created_at)}


def places(settings: Settings, town: str | None, owner: str | None) -> dict[str, str | None]:
    """Town, by code or name, and owner, by id, as the district has them; ``BadInput`` for others."""
    code = _town(settings, town) if town else None
    if owner:
        services = open_services(settings)
        try:
            known = set(services.atlas().frames["owners"]["id"])
        finally:
            services.close()
        if owner not in known:
            names = ", ".join(sorted(known))
            raise BadInput("bad_parameter", parameter="--owner", value=owner[:40], known=names)
    return {"town": code, "owner": owner}


def _town(settings: Settings, town: str) -> str:
    district = read_data(settings.data).district
    code = district.town_code(town)
    if code is None:
        raise UnknownTown(town=town[:40], known=", ".join(district.town_names(settings.lang).values()))
    return code


def link_for(settings: Settings, accounts: Accounts, account: Account, hours: int, base: str = "") -> str:
    """A one-time sign-in link; ``base`` is where the service is reached, ending in a slash."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    secret = accounts.entry.make_link(account.id, hours * HOUR_S)
    return f"{base or f'http://{host}:{settings.port}/'}sign-in?token={secret}"


def first_link(settings: Settings, accounts: Accounts, words: Wording, base: str) -> str | None:
    """The planner's one-time link while nobody has ever come in; the account is made if there is none."""
    if accounts.entry.was_used():
        return None
    known = accounts.people.all()
    planner = next((one for one in known if one.name == FIRST), None)
    if planner is None and known:
        return None
    if planner is None:
        planner = accounts.people.add(FIRST, Role.PLANNER, display_name=words("role.planner"))
    return f"{link_for(settings, accounts, planner, FIRST_HOURS, base)}&go=1"


def _moment(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
