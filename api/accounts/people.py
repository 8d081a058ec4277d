"""Accounts: who there is, who they are to the district, and what ends when that changes."""

import secrets
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from api.accounts.database import Database
from api.accounts.tables import ACCOUNT, LINK, SESSION, SHARE, TOKEN
from geo.errors import BadInput, NotFound
from geo.vocabulary import Role

LONGEST_NAME = 60
ROLES = tuple(str(role) for role in Role if role is not Role.PUBLIC)


@dataclass(frozen=True)
class Account:
    """One account. ``town`` is set for the role town only, ``owner`` for the role utility only."""

    id: str
    name: str
    display_name: str
    role: Role
    town: str | None
    owner: str | None
    disabled: bool
    has_password: bool
    created_at: int


def role_named(role: str) -> Role:
    """The role of that name that an account can have; ``BadInput`` (``no_such_role``)."""
    if role not in ROLES:
        raise BadInput("no_such_role", role=role[:40], known=", ".join(ROLES))
    return Role(role)


def plain_name(name: str) -> str:
    """The form of a name by which accounts are known: upper and lower case, full and half width are one."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def account_of(row: Row[Any] | Mapping[str, Any]) -> Account:
    """The account of a row of its table."""
    data = row._mapping if isinstance(row, Row) else row
    return Account(
        str(data["id"]),
        data["name"] or "",
        data["display_name"] or "",
        Role(data["role"]),
        data["town"],
        data["owner"],
        bool(data["disabled"]),
        data["password_hash"] is not None,
        int(data["created_at"]),
    )


class People:
    """The accounts of a store."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    def all(self) -> list[Account]:
        """Every account by name; those of people who have been forgotten are not among them."""
        asked = select(ACCOUNT).where(ACCOUNT.c.name.is_not(None)).order_by(ACCOUNT.c.name)
        with self._database.reading() as connection:
            return [account_of(row) for row in connection.execute(asked)]

    def find(self, account: str) -> Account:
        """The account of that id, or ``NotFound`` (``no_such_account``)."""
        with self._database.reading() as connection:
            return _one(connection, account)

    def named(self, name: str) -> Account:
        """The account of that name, or ``NotFound`` (``no_such_account``)."""
        with self._database.reading() as connection:
            row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.name == plain_name(name))).first()
        if row is None:
            raise NotFound("no_such_account", account=name[:LONGEST_NAME])
        return account_of(row)

    def names(self, accounts: Collection[str]) -> dict[str, str]:
        """The display name of each of ``accounts`` that has one."""
        asked = select(ACCOUNT.c.id, ACCOUNT.c.display_name).where(ACCOUNT.c.id.in_(list(accounts)))
        with self._database.reading() as connection:
            return {str(key): str(name) for key, name in connection.execute(asked) if name}

    def add(
        self,
        name: str,
        role: Role,
        *,
        display_name: str = "",
        town: str | None = None,
        owner: str | None = None,
    ) -> Account:
        """A new account without a password; ``BadInput`` for a name that is taken or cannot be one."""
        known = plain_name(name)
        shown = (display_name or name).strip()
        if not known or len(known) > LONGEST_NAME or len(shown) > LONGEST_NAME or not known.isprintable():
            raise BadInput("bad_account_name", account=name[:LONGEST_NAME], longest=LONGEST_NAME)
        row = {
            "id": f"u{secrets.token_hex(8)}",
            "name": known,
            "display_name": shown,
            "password_hash": None,
            "disabled": False,
            "created_at": self._clock(),
            **_belonging(role, town, owner),
        }
        with self._database.writing() as connection:
            if connection.execute(select(ACCOUNT.c.id).where(ACCOUNT.c.name == known)).first():
                raise BadInput("account_exists", account=known)
            connection.execute(insert(ACCOUNT).values(row))
        return account_of(row)

    def set_role(
        self, account: str, role: Role, *, town: str | None = None, owner: str | None = None
    ) -> Account:
        """Make somebody something else: sessions, tokens and shared links of before are dead."""
        with self._database.writing() as connection:
            before = _one(connection, account)
            _keep_one_administrator(connection, before, role, disabled=before.disabled)
            values = _belonging(role, town, owner)
            connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account).values(values))
            end_all(connection, account)
            return _one(connection, account)

    def set_disabled(self, account: str, disabled: bool) -> Account:
        """Shut somebody out or let them in again; what they had open is dead either way."""
        with self._database.writing() as connection:
            before = _one(connection, account)
            _keep_one_administrator(connection, before, before.role, disabled=disabled)
            connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account).values(disabled=disabled))
            if disabled:
                end_all(connection, account)
            return _one(connection, account)

    def forget(self, account: str) -> None:
        """Erase a person's names and password for good; the id stays in the history, and opens nothing."""
        gone = {"name": None, "display_name": None, "password_hash": None, "disabled": True}
        with self._database.writing() as connection:
            before = _one(connection, account)
            _keep_one_administrator(connection, before, before.role, disabled=True)
            connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account).values(gone))
            end_all(connection, account)


def _one(connection: Connection, account: str) -> Account:
    row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.id == account)).first()
    if row is None:
        raise NotFound("no_such_account", account=account[:LONGEST_NAME])
    return account_of(row)


def _belonging(role: Role, town: str | None, owner: str | None) -> dict[str, str | None]:
    if role is Role.PUBLIC:
        raise BadInput("role_without_account", role=str(role))
    if role is Role.TOWN and not town:
        raise BadInput("role_needs_town", role=str(role))
    if role is Role.UTILITY and not owner:
        raise BadInput("role_needs_owner", role=str(role))
    return {
        "role": str(role),
        "town": town if role is Role.TOWN else None,
        "owner": owner if role is Role.UTILITY else None,
    }


def _keep_one_administrator(connection: Connection, account: Account, role: Role, *, disabled: bool) -> None:
    """Refuse what would leave the district without the last administrator that it has."""
    loses = account.role is Role.ADMINISTRATOR and not account.disabled
    if not loses or (role is Role.ADMINISTRATOR and not disabled):
        return
    others = select(ACCOUNT.c.id).where(
        ACCOUNT.c.role == str(Role.ADMINISTRATOR),
        ACCOUNT.c.disabled.is_(False),
        ACCOUNT.c.id != account.id,
    )
    if connection.execute(others).first() is None:
        raise BadInput("last_administrator", account=account.name)


def end_all(connection: Connection, account: str) -> None:
    """End everything by which somebody may come in without a password, within a transaction."""
    connection.execute(delete(SESSION).where(SESSION.c.account == account))
    connection.execute(delete(LINK).where(LINK.c.account == account))
    connection.execute(update(TOKEN).where(TOKEN.c.account == account).values(revoked=True))
    connection.execute(update(SHARE).where(SHARE.c.account == account).values(revoked=True))
