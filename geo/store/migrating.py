"""Moving a GeoPackage of an older schema on to this program's, by steps written by hand."""

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path

from sqlalchemy import Connection, Engine, select, update

from geo.errors import StoreExists, StoreUnsuitable
from geo.store.gpkg_view import LAST_REVISION
from geo.store.placing import placing
from geo.store.schema import statements
from geo.store.sqlite import copy_file, make_engine, translated
from geo.store.tables import META, SCHEMA_VERSION

Step = Callable[[Connection], None]


def _run(name: str) -> Step:
    """A step that is the statements of ``name``.sql."""

    def step(connection: Connection) -> None:
        for statement in statements(name):
            connection.exec_driver_sql(statement)

    return step


STEPS: dict[int, Step] = {1: _run("gpkg_v0002")}
"""What brings a file of that version to the next. A step runs in a transaction of its own."""


def migrate_file(
    path: Path,
    found: int,
    *,
    busy_timeout_s: float,
    steps: Mapping[int, Step] = STEPS,
    known: int = SCHEMA_VERSION,
) -> Path:
    """Bring the file at ``path`` from version ``found`` to ``known``; the path of the backup made before.

    A step that fails leaves the file at the version before it. Raises ``StoreUnsuitable`` (``store_schema``)
    where there is no way from there to here, before anything is touched.
    """
    if not set(range(found, known)) <= steps.keys():
        raise StoreUnsuitable("store_schema", path=str(path), found=found, known=known)
    engine = make_engine(path, busy_timeout_s=busy_timeout_s, writes=True)
    try:
        with translated(path):
            kept = _backed_up(path, found, engine)
            for version in range(found, known):
                with engine.begin() as connection:
                    if _version(connection) == version:
                        steps[version](connection)
                        said = update(META).where(META.c.key == "schema_version")
                        connection.execute(said.values(value=str(version + 1)))
    finally:
        engine.dispose()
    return kept


def _version(connection: Connection) -> int:
    return int(connection.scalar(select(META.c.value).where(META.c.key == "schema_version")) or 0)


def _backed_up(path: Path, found: int, engine: Engine) -> Path:
    """A copy beside the file, named by its version and revision: ``district.v1-r12.gpkg``."""
    with engine.connect() as connection:
        revision = connection.exec_driver_sql(LAST_REVISION).scalar_one()
    ends = _ends()
    while True:
        kept = path.with_name(f"{path.stem}.v{found}-r{revision}{next(ends)}{path.suffix}")
        try:
            with placing(kept) as fresh:
                copy_file(path, fresh)
        except StoreExists:
            continue
        return kept


def _ends() -> Iterator[str]:
    yield ""
    yield from (f"-{number}" for number in count(2))
