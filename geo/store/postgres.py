"""Connections to PostgreSQL: the location, how a connection is made, and its errors in the domain's words."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from geo.errors import StoreBusy, StoreError, StoreMissing, StoreUnsuitable
from geo.store.locations import PATTERN, SCHEMES

SCHEMA = "tongchou"
CONNECTIONS = 10
CONNECT_TIMEOUT_S = 10

BUSY = ("55P03", "40P01", "40001", "57014", "53300")
FULL = ("53100",)
FORBIDDEN = ("42501",)
READ_ONLY = ("25006",)
UNREACHABLE = ("08", "57P")
DISK = "58"


@dataclass(frozen=True)
class Place:
    """A database: ``url`` for the driver, ``shown`` without password for people, ``secret`` to be kept."""

    url: URL
    shown: str
    secret: str


def place_of(location: str) -> Place:
    """The database that ``postgresql://…`` names; ``StoreUnsuitable`` (``store_location``) if none."""
    scheme = SCHEMES[0]
    try:
        url = make_url(PATTERN.sub(f"{scheme}+psycopg://", location))
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise StoreUnsuitable("store_location", kind=scheme) from None
    if url.database is None or "@" in (url.host or ""):
        raise StoreUnsuitable("store_location", kind=scheme)
    secret = str(url.password or url.query.get("password") or "")
    host = url.host or url.query.get("host") or ""
    port = f":{url.port}" if url.port else ""
    user = f"{url.username}@" if url.username else ""
    return Place(url, f"{scheme}://{user}{host}{port}/{url.database}", secret)


def make_engine(place: Place) -> Engine:
    """An engine on the store's schema; it reconnects by itself when the server has been away."""
    engine = create_engine(
        place.url,
        connect_args={"client_encoding": "utf8", "connect_timeout": CONNECT_TIMEOUT_S},
        pool_size=CONNECTIONS,
        max_overflow=-1,
        pool_pre_ping=True,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _: Any) -> None:
    connection.execute(f"SET search_path = {SCHEMA}, public")
    connection.execute("SET DateStyle = ISO")
    connection.execute("SET extra_float_digits = 1")
    connection.commit()


@contextmanager
def translated(place: Place) -> Iterator[None]:
    """Turn the driver's errors into the store's: the one door at which they are known."""
    try:
        yield
    except DBAPIError as error:
        raise _in_our_words(error.orig, place) from error
    except psycopg.Error as error:
        raise _in_our_words(error, place) from error


def _in_our_words(error: BaseException | None, place: Place) -> StoreError:
    state = str(getattr(error, "sqlstate", None) or "")
    text = str(error).strip()
    problem = text.replace(place.secret, "***") if place.secret else text
    if state in BUSY or "too many clients" in text:
        return StoreBusy(path=place.shown)
    if state in FULL:
        return StoreError("store_full", path=place.shown)
    if state in FORBIDDEN:
        return StoreUnsuitable("store_not_permitted", path=place.shown, problem=problem)
    if state in READ_ONLY:
        return StoreUnsuitable("store_read_only", path=place.shown, problem=problem)
    if not state and isinstance(error, psycopg.OperationalError):
        return _not_connected(text, problem, place)
    if state.startswith(DISK):
        return StoreError("store_disk_failed", path=place.shown, problem=problem)
    if state.startswith(UNREACHABLE):
        return StoreError("store_unreachable", path=place.shown, problem=problem)
    return StoreError("store_failed", path=place.shown, problem=problem)


def _not_connected(text: str, problem: str, place: Place) -> StoreError:
    if re.search(r'database "[^"]*" does not exist', text):
        return StoreMissing(path=place.shown)
    if "authentication failed" in text or "no password supplied" in text or "pg_hba.conf" in text:
        return StoreUnsuitable("store_refused", path=place.shown, problem=problem)
    return StoreError("store_unreachable", path=place.shown, problem=problem)
