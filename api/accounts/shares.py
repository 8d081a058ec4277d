"""Shared links: a page as somebody sees it, for whoever has the link, until it expires."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Row, insert, select, update

from api.accounts.database import Database
from api.accounts.people import Account, account_of
from api.accounts.tables import ACCOUNT, SHARE
from geo.errors import BadInput, NotFound
from geo.vocabulary import Role

MOST_DAYS, LONGEST_PATH = 90, 2000
DAY_S = 86_400


@dataclass(frozen=True)
class Share:
    """What a shared link shows: ``path`` with ``query``, as ``account`` saw it when it was shared."""

    id: str
    path: str
    query: str
    account: Account
    created_at: int
    expires_at: int


COLUMNS = (
    *ACCOUNT.c,
    SHARE.c.id.label("share_id"),
    SHARE.c.path.label("share_path"),
    SHARE.c.query.label("share_query"),
    SHARE.c.created_at.label("share_created_at"),
    SHARE.c.expires_at.label("share_expires_at"),
)


class Shares:
    """The shared links of a store."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock
        self._signer = URLSafeSerializer(database.secret, salt="share")

    def make(self, account: Account, path: str, query: str, days: int) -> str:
        """The signed text of a new shared link of what the account sees at ``path``."""
        if not 1 <= days <= MOST_DAYS:
            raise BadInput("bad_days", days=days, most=MOST_DAYS)
        if len(path) + len(query) > LONGEST_PATH:
            raise BadInput("bad_share", path=path[:80])
        now = self._clock()
        row = {
            "id": f"s{secrets.token_hex(8)}",
            "account": account.id,
            "path": path,
            "query": query,
            "role": str(account.role),
            "town": account.town,
            "owner": account.owner,
            "created_at": now,
            "expires_at": now + days * DAY_S,
            "revoked": False,
        }
        with self._database.writing() as connection:
            connection.execute(insert(SHARE).values(row))
        return self.signed(str(row["id"]))

    def signed(self, share: str) -> str:
        """The text of a shared link in its address."""
        return str(self._signer.dumps(share))

    def find(self, signed: str) -> Share | None:
        """The share of a signed text, if it lives.

        It is dead with the account that made it, and when that is no longer what it was: a link never shows
        more than its maker sees.
        """
        try:
            share = self._signer.loads(signed)
        except BadSignature:
            return None
        asked = (
            select(*COLUMNS)
            .join(SHARE, SHARE.c.account == ACCOUNT.c.id)
            .where(SHARE.c.id == str(share), SHARE.c.revoked.is_(False), ACCOUNT.c.disabled.is_(False))
            .where(SHARE.c.expires_at > self._clock(), SHARE.c.role == ACCOUNT.c.role)
            .where(SHARE.c.town.is_not_distinct_from(ACCOUNT.c.town))
            .where(SHARE.c.owner.is_not_distinct_from(ACCOUNT.c.owner))
        )
        with self._database.reading() as connection:
            row = connection.execute(asked).first()
        return None if row is None else _share(row)

    def of(self, account: str) -> list[Share]:
        """The links of an account that still open, newest first."""
        asked = (
            select(*COLUMNS)
            .join(SHARE, SHARE.c.account == ACCOUNT.c.id)
            .where(SHARE.c.account == account, SHARE.c.revoked.is_(False))
            .where(SHARE.c.expires_at > self._clock())
            .order_by(SHARE.c.created_at.desc(), SHARE.c.id)
        )
        with self._database.reading() as connection:
            return [_share(row) for row in connection.execute(asked)]

    def revoke(self, account: str, share: str) -> None:
        """End a shared link of the account; ``NotFound`` (``no_such_share``) also for another's."""
        mine = (SHARE.c.id == share) & (SHARE.c.account == account)
        with self._database.writing() as connection:
            if not connection.execute(update(SHARE).where(mine).values(revoked=True)).rowcount:
                raise NotFound("no_such_share")


def as_seen(account: Account) -> tuple[Role, str | None, str | None]:
    """Role, town and owner of whoever opens a link: they see what its maker sees, and are nobody's chief."""
    reads = account.role if account.role in (Role.TOWN, Role.UTILITY) else Role.VIEWER
    return reads, account.town, account.owner


def _share(row: Row[Any]) -> Share:
    data = row._mapping
    return Share(
        str(data["share_id"]),
        str(data["share_path"]),
        str(data["share_query"]),
        account_of(row),
        int(data["share_created_at"]),
        int(data["share_expires_at"]),
    )
