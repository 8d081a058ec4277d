"""Coming in: by name and password, or by a link that opens once."""

from collections.abc import Callable

from sqlalchemy import Connection, delete, func, insert, select, update

from api.accounts.database import Database
from api.accounts.hashing import check_password, fresh_secret, hash_of, hash_password, verify_password
from api.accounts.people import Account, account_of, plain_name
from api.accounts.tables import ACCOUNT, LINK, SESSION, SIGN_IN
from api.accounts.throttle import Throttle
from geo.errors import SignInNeeded

BY_PASSWORD, BY_LINK = "password", "link"
KEPT_S = 400 * 86_400
"""How long it is known who came in and who was turned away."""


class Entry:
    """Passwords and sign-in links of a store."""

    def __init__(self, database: Database, clock: Callable[[], int], throttle: Throttle) -> None:
        self._database = database
        self._clock = clock
        self._throttle = throttle

    def by_password(self, name: str, password: str, address: str) -> Account:
        """The account whose name and password these are.

        Raises ``TooManyTries``, and ``SignInNeeded`` (``wrong_password``) alike for a wrong password, an
        unknown name, an account without a password and one that is disabled.
        """
        known = plain_name(name)
        self._throttle.enter(known, address)
        with self._database.reading() as connection:
            row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.name == known)).first()
        right, renewed = verify_password(password, row.password_hash if row else None)
        account = account_of(row) if row is not None else None
        if account is None or not right or account.disabled:
            self._log(account.id if account else None, address, BY_PASSWORD, done=False)
            self._throttle.failed(known, address)
            raise SignInNeeded("wrong_password")
        if renewed is not None:
            self._store(account.id, renewed)
        self._throttle.passed(known, address)
        self._log(account.id, address, BY_PASSWORD, done=True)
        return account

    def is_password(self, account: Account, password: str, address: str) -> bool:
        """Whether it is the password of somebody who is in already; raises ``TooManyTries``."""
        try:
            return self.by_password(account.name, password, address).id == account.id
        except SignInNeeded:
            return False

    def set_password(self, account: Account, password: str) -> None:
        """Give an account a password; its sessions and links are dead. ``BadInput`` for a poor one."""
        check_password(password, account.name)
        hashed = hash_password(password)
        with self._database.writing() as connection:
            connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account.id).values(password_hash=hashed))
            connection.execute(delete(SESSION).where(SESSION.c.account == account.id))
            connection.execute(delete(LINK).where(LINK.c.account == account.id))

    def make_link(self, account: str, life_s: int) -> str:
        """The secret of a link that lets somebody in once; earlier links of theirs are dead."""
        secret, now = fresh_secret(), self._clock()
        row = {"hash": hash_of(secret), "account": account, "expires_at": now + life_s}
        with self._database.writing() as connection:
            connection.execute(delete(LINK).where((LINK.c.account == account) | (LINK.c.expires_at <= now)))
            connection.execute(insert(LINK).values(row))
        return secret

    def behind_link(self, secret: str) -> Account | None:
        """Whose link it is, while it opens; looking does not use it up."""
        with self._database.reading() as connection:
            return self._behind(connection, secret)

    def by_link(self, secret: str, address: str) -> Account:
        """The account that a link lets in, this once; else ``SignInNeeded`` (``link_used``)."""
        with self._database.writing() as connection:
            account = self._behind(connection, secret)
            connection.execute(delete(LINK).where(LINK.c.hash == hash_of(secret)))
        if account is None:
            self._log(None, address, BY_LINK, done=False)
            raise SignInNeeded("link_used")
        self._log(account.id, address, BY_LINK, done=True)
        return account

    def was_used(self) -> bool:
        """Whether anybody has ever come in."""
        with self._database.reading() as connection:
            return (
                connection.execute(select(SIGN_IN.c.seq).where(SIGN_IN.c.done).limit(1)).first() is not None
            )

    def last(self) -> dict[str, int]:
        """When each account came in last, seconds since 1970 by id."""
        asked = select(SIGN_IN.c.account, func.max(SIGN_IN.c.at)).where(SIGN_IN.c.done)
        with self._database.reading() as connection:
            rows = connection.execute(asked.group_by(SIGN_IN.c.account))
            return {str(account): int(at) for account, at in rows}

    def _behind(self, connection: Connection, secret: str) -> Account | None:
        asked = (
            select(ACCOUNT)
            .join(LINK, LINK.c.account == ACCOUNT.c.id)
            .where(LINK.c.hash == hash_of(secret), LINK.c.expires_at > self._clock())
            .where(ACCOUNT.c.disabled.is_(False))
        )
        row = connection.execute(asked).first()
        return None if row is None else account_of(row)

    def _store(self, account: str, hashed: str) -> None:
        with self._database.writing() as connection:
            connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account).values(password_hash=hashed))

    def _log(self, account: str | None, address: str, way: str, *, done: bool) -> None:
        now = self._clock()
        row = {"account": account, "at": now, "address": address, "way": way, "done": done}
        with self._database.writing() as connection:
            connection.execute(delete(SIGN_IN).where(SIGN_IN.c.at < now - KEPT_S))
            connection.execute(insert(SIGN_IN).values(row))
