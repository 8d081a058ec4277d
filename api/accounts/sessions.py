"""Sessions: new at sign-in, dead at sign-out and when they are too old or too long unused."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, insert, or_, select, update

from api.accounts.database import Database
from api.accounts.hashing import fresh_secret, hash_of
from api.accounts.people import Account, account_of
from api.accounts.tables import ACCOUNT, SESSION

RESET_S = 1800
TOUCH_S = 60
"""How far ``last_seen`` may lag behind: a look at a map need not write each time."""


@dataclass(frozen=True)
class Session:
    """Somebody's session; ``csrf`` is what their forms carry."""

    account: Account
    csrf: str
    may_reset: bool
    """It began by a link a moment ago: a forgotten password may be set anew."""


class Sessions:
    """The sessions of a store; ``idle_s`` and ``life_s`` say how long they last unused and at all."""

    def __init__(self, database: Database, clock: Callable[[], int], *, idle_s: int, life_s: int) -> None:
        self._database = database
        self._clock = clock
        self._idle_s = idle_s
        self.life_s = life_s

    def start(self, account: str, *, by_link: bool = False) -> str:
        """The secret of a new session; those of anybody that are over are swept away."""
        secret, now = fresh_secret(), self._clock()
        row = {
            "id_hash": hash_of(secret),
            "account": account,
            "csrf": fresh_secret(),
            "created_at": now,
            "last_seen": now,
            "expires_at": now + self.life_s,
            "by_link": by_link,
        }
        over = or_(SESSION.c.expires_at <= now, SESSION.c.last_seen <= now - self._idle_s)
        with self._database.writing() as connection:
            connection.execute(delete(SESSION).where(over))
            connection.execute(insert(SESSION).values(row))
        return secret

    def find(self, secret: str) -> Session | None:
        """The session of that secret, if it lives and its account may come in."""
        known, now = hash_of(secret), self._clock()
        asked = (
            select(
                ACCOUNT,
                SESSION.c.csrf,
                SESSION.c.last_seen,
                SESSION.c.by_link,
                SESSION.c.created_at.label("began"),
            )
            .join(SESSION, SESSION.c.account == ACCOUNT.c.id)
            .where(SESSION.c.id_hash == known, ACCOUNT.c.disabled.is_(False))
            .where(SESSION.c.expires_at > now, SESSION.c.last_seen > now - self._idle_s)
        )
        with self._database.reading() as connection:
            row = connection.execute(asked).first()
        if row is None:
            return None
        if now - int(row.last_seen) >= TOUCH_S:
            with self._database.writing() as connection:
                connection.execute(update(SESSION).where(SESSION.c.id_hash == known).values(last_seen=now))
        return Session(account_of(row), str(row.csrf), bool(row.by_link) and now - int(row.began) < RESET_S)

    def end(self, secret: str) -> None:
        """End one session."""
        with self._database.writing() as connection:
            connection.execute(delete(SESSION).where(SESSION.c.id_hash == hash_of(secret)))

    def end_all(self, account: str) -> None:
        """End every session of an account."""
        with self._database.writing() as connection:
            connection.execute(delete(SESSION).where(SESSION.c.account == account))
