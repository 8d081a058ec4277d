"""All that the service knows of who may come in, over one store of accounts."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from api.accounts.database import Database, open_database
from api.accounts.entry import Entry
from api.accounts.people import People
from api.accounts.sessions import Sessions
from api.accounts.shares import Shares
from api.accounts.throttle import Throttle
from api.accounts.tokens import Tokens


def clock() -> int:
    """The present moment in whole seconds since 1970, UTC."""
    return int(time.time())


@dataclass(frozen=True)
class Accounts:
    """The parts, each with a purpose of its own."""

    database: Database
    people: People
    entry: Entry
    sessions: Sessions
    tokens: Tokens
    shares: Shares
    clock: Callable[[], int]

    def names(self, accounts: Collection[str]) -> dict[str, str]:
        """The display name of each of ``accounts`` that has one."""
        return self.people.names(accounts)

    def close(self) -> None:
        self.database.close()


def open_accounts(
    location: str,
    *,
    idle_s: int,
    life_s: int,
    clock: Callable[[], int] = clock,
    throttle: Throttle | None = None,
) -> Accounts:
    """Open the accounts at ``location``; raises as ``open_database`` does."""
    database = open_database(location)
    return Accounts(
        database,
        People(database, clock),
        Entry(database, clock, throttle or Throttle()),
        Sessions(database, clock, idle_s=idle_s, life_s=life_s),
        Tokens(database, clock),
        Shares(database, clock),
        clock,
    )
