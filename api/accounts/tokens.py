"""Tokens: keys for programs, each with its scopes and an end."""

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from api.accounts.database import Database
from api.accounts.hashing import fresh_secret, hash_of
from api.accounts.people import Account, account_of
from api.accounts.tables import ACCOUNT, TOKEN
from geo.errors import BadInput, NotFound

SCOPES = ("read", "edit", "export")
MARK = "tongchou_"
"""What every token begins with: whoever finds one in a file knows what it is."""
LONGEST_LABEL, MOST_DAYS = 80, 730
DAY_S = 86_400


@dataclass(frozen=True)
class Token:
    """A token as its account sees it in a list; the secret is shown once, when it is made."""

    id: str
    label: str
    scopes: tuple[str, ...]
    created_at: int
    expires_at: int
    revoked: bool


class Tokens:
    """The tokens of a store."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    def make(self, account: str, label: str, scopes: Collection[str], days: int) -> tuple[Token, str]:
        """A new token and its secret; ``BadInput`` for no or unknown scopes, no label, or too long a life."""
        known = tuple(scope for scope in SCOPES if scope in scopes)
        if not known or set(scopes) - set(SCOPES):
            raise BadInput("bad_scopes", scopes=", ".join(sorted(scopes)), known=", ".join(SCOPES))
        if not 0 < len(label.strip()) <= LONGEST_LABEL:
            raise BadInput("bad_label", longest=LONGEST_LABEL)
        if not 1 <= days <= MOST_DAYS:
            raise BadInput("bad_days", days=days, most=MOST_DAYS)
        secret, now = MARK + fresh_secret(), self._clock()
        token = Token(f"t{secrets.token_hex(6)}", label.strip(), known, now, now + days * DAY_S, False)
        row = {**vars(token), "scopes": " ".join(known), "account": account, "hash": hash_of(secret)}
        with self._database.writing() as connection:
            connection.execute(insert(TOKEN).values(row))
        return token, secret

    def find(self, secret: str) -> tuple[Account, frozenset[str]] | None:
        """Whose token it is and for what, if it lives and the account may come in."""
        asked = (
            select(ACCOUNT, TOKEN.c.scopes)
            .join(TOKEN, TOKEN.c.account == ACCOUNT.c.id)
            .where(TOKEN.c.hash == hash_of(secret), TOKEN.c.revoked.is_(False))
            .where(TOKEN.c.expires_at > self._clock(), ACCOUNT.c.disabled.is_(False))
        )
        with self._database.reading() as connection:
            row = connection.execute(asked).first()
        return None if row is None else (account_of(row), frozenset(str(row.scopes).split()))

    def of(self, account: str) -> list[Token]:
        """The tokens of an account that still open something, newest first."""
        asked = (
            select(TOKEN)
            .where(TOKEN.c.account == account, TOKEN.c.revoked.is_(False))
            .where(TOKEN.c.expires_at > self._clock())
            .order_by(TOKEN.c.created_at.desc(), TOKEN.c.id)
        )
        with self._database.reading() as connection:
            return [
                Token(
                    row.id, row.label, tuple(row.scopes.split()), row.created_at, row.expires_at, row.revoked
                )
                for row in connection.execute(asked)
            ]

    def revoke(self, account: str, token: str) -> None:
        """End a token of the account; ``NotFound`` (``no_such_token``) also for another's."""
        mine = (TOKEN.c.id == token) & (TOKEN.c.account == account)
        with self._database.writing() as connection:
            if not connection.execute(update(TOKEN).where(mine).values(revoked=True)).rowcount:
                raise NotFound("no_such_token", token=token[:LONGEST_LABEL])
