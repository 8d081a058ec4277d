"""A store of an older schema is moved on: a GeoPackage when it is opened, a database by its owner."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pandas as pd
import psycopg
import pytest
from pandas.testing import assert_frame_equal
from sqlalchemy import Connection

from geo.errors import StoreUnsuitable
from geo.layers import LAYERS
from geo.store.migrating import STEPS, migrate_file
from geo.store.opening import create_store, migrate, open_store
from geo.store.postgis_schema import GRANTS, upgrade
from geo.store.postgis_writing import PostgisWriting
from geo.store.postgres import make_engine, place_of
from geo.store.protocol import Store
from geo.store.record import Change, Receipt, record
from geo.store.sqlite import connect, driver
from geo.store.tables import SCHEMA_VERSION
from geo.store.verifying import verify
from tests.conftest import Cluster
from tests.test_geo_store import AT, district, frame_of
from tests.test_geo_store_postgis import FORBIDDEN, refused

Shape = dict[str, list[tuple[object, ...]]]

FIRST = Path(__file__).with_name("geopackage_v1.sql")
KNOWN_THEN = ("boundaries", "owners", "communities", "buildings", "ground", "nodes", "lines", "digs", "works")
MADE_SINCE = ("inspections", "files", "consents", "tongchou_receipt")
FORMAT = ("gpkg_spatial_ref_sys", "gpkg_contents", "gpkg_geometry_columns", "gpkg_extensions", "layer_styles")
FILLED = (*FORMAT, *KNOWN_THEN, "tongchou_event", "tongchou_revision", "tongchou_meta")
NAMED = {"gpkg_contents": "table_name", "gpkg_extensions": "table_name", "tongchou_meta": "key"}

MASTER = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = '{}' ORDER BY name"
SHAPE = {
    **{kind: MASTER.format(kind) for kind in ("trigger", "index", "table")},
    "contents": "SELECT * FROM gpkg_contents ORDER BY table_name",
    "geometry columns": "SELECT * FROM gpkg_geometry_columns ORDER BY table_name",
    "extensions": "SELECT * FROM gpkg_extensions ORDER BY table_name",
    "reference systems": "SELECT * FROM gpkg_spatial_ref_sys ORDER BY srs_id",
    "styles": "SELECT * FROM layer_styles ORDER BY id",
    "tree": "SELECT * FROM rtree_buildings_geom ORDER BY id",
    "geometry": "SELECT fid, typeof(geom), geom FROM buildings ORDER BY fid",
    "events": "SELECT * FROM tongchou_event ORDER BY seq",
    "identity": "PRAGMA application_id",
    "version": "PRAGMA user_version",
}


def lived(location: str) -> Store:
    """A store of today that holds only what version 1 knew, with a history."""
    store = create_store(location, district())
    changes = [Change(name, add=frame_of(LAYERS[name])) for name in KNOWN_THEN]
    record(store, changes, actor="用户", at=AT, origin="测试")
    edit = pd.DataFrame({"id": ["communities-0 号"], "note": ["改"]})
    record(store, [Change("communities", update=edit)], actor="张三", at=AT, origin="t")
    record(store, [Change("works", remove=["works-2 号"])], actor="a", at=AT, origin="t")
    return store


def fill_first(path: Path, today: Path) -> None:
    """A file of version 1 that holds what the store of today at ``today`` holds."""
    with closing(connect(path, busy_timeout_s=5, writes=True, create=True)) as file:
        for statement in FIRST.read_text(encoding="utf-8").strip().split("\n\n"):
            file.execute(statement)
        file.execute("PRAGMA application_id = 0x47504B47")
        file.execute("PRAGMA user_version = 10400")
        file.execute("ATTACH ? AS today", (str(today),))
        since = ", ".join(f"'{name}'" for name in MADE_SINCE)
        for table in FILLED:
            known = f"WHERE {NAMED[table]} NOT IN ({since})" if table in NAMED else ""
            file.execute(f"INSERT INTO main.{table} SELECT * FROM today.{table} {known}")
        file.execute("UPDATE main.tongchou_meta SET value = '1' WHERE key = 'schema_version'")


def shape_of(path: Path) -> Shape:
    with closing(driver().connect(str(path))) as file:
        return {
            name: [tuple(_one_form(value) for value in row) for row in file.execute(query).fetchall()]
            for name, query in SHAPE.items()
        }


def _one_form(value: object) -> object:
    """SQL text without its layout."""
    return (
        re.sub(r"\s+", " ", value).replace("( ", "(").replace(" )", ")") if isinstance(value, str) else value
    )


def without_new(shape: Shape) -> Shape:
    made = {*MADE_SINCE, *(f"sqlite_autoindex_{name}_1" for name in MADE_SINCE)}
    return {
        name: [row for row in rows if row[0] not in made and (len(row) < 2 or row[1] not in MADE_SINCE)]
        for name, rows in shape.items()
    }


@pytest.fixture
def today(tmp_path: Path) -> Path:
    path = tmp_path / "today" / "区.gpkg"
    lived(str(path)).close()
    return path


@pytest.fixture
def old(tmp_path: Path, today: Path) -> Path:
    path = tmp_path / "old" / "区.gpkg"
    path.parent.mkdir()
    fill_first(path, today)
    return path


def test_an_older_file_is_moved_on_and_backed_up(old: Path, today: Path) -> None:
    before = shape_of(old)
    with open_store(str(old)) as store, open_store(str(today)) as fresh:
        assert store.meta() == fresh.meta()
        assert store.meta()["schema_version"] == str(SCHEMA_VERSION)
        assert verify(store) == []
        for name in LAYERS:
            assert_frame_equal(pd.DataFrame(store.read(name)), pd.DataFrame(fresh.read(name)))
    after = shape_of(old)
    assert after == shape_of(today)
    assert without_new(after) == before
    assert {row[0] for row in after["table"]} - {row[0] for row in before["table"]} == set(MADE_SINCE)
    kept = old.with_name("区.v1-r3.gpkg")
    assert sorted(entry.name for entry in old.parent.iterdir()) == sorted([old.name, kept.name])
    assert shape_of(kept) == before


def test_a_file_that_was_moved_on_goes_on_as_if_it_had_been_new(old: Path) -> None:
    with open_store(str(old)) as store:
        changes = [Change(name, add=frame_of(LAYERS[name])) for name in ("inspections", "files", "consents")]
        done = record(store, changes, actor="a", at=AT, origin="t", receipt=Receipt("k", "d"))
        assert (done.revision, done.added) == (4, 9)
        assert verify(store) == []
    with closing(driver().connect(str(old))) as file:
        for table in MADE_SINCE:
            with pytest.raises(driver().Error):
                file.execute(f"DELETE FROM {table}")
    open_store(str(old)).close()
    assert len(list(old.parent.iterdir())) == 2


def test_a_backup_of_an_older_schema_comes_back_as_it_was(old: Path) -> None:
    open_store(str(old)).close()
    kept, again = old.with_name("区.v1-r3.gpkg"), old.with_name("again.gpkg")
    kept.rename(again)
    with open_store(str(again)) as store:
        assert (store.revision(), verify(store)) == (3, [])


def test_several_who_open_an_older_file_at_once_move_it_on_once(old: Path, today: Path) -> None:
    def revision(_: int) -> int:
        with open_store(str(old)) as store:
            return store.revision()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(revision, range(4))) == [3] * 4
    assert shape_of(old) == shape_of(today)


def test_a_step_that_fails_leaves_the_file_as_it_was(old: Path) -> None:
    def fail(connection: Connection) -> None:
        STEPS[1](connection)
        raise RuntimeError("power")

    before = shape_of(old)
    with pytest.raises(RuntimeError):
        migrate_file(old, 1, busy_timeout_s=1, steps={1: fail})
    assert shape_of(old) == before
    with closing(driver().connect(str(old))) as file:
        said = file.execute("SELECT value FROM tongchou_meta WHERE key = 'schema_version'").fetchone()
    assert said == ("1",)
    assert migrate_file(old, 1, busy_timeout_s=1).name == "区.v1-r3-2.gpkg"


def test_steps_follow_one_another_and_one_is_not_done_twice(old: Path) -> None:
    done: list[int] = []
    steps = {1: lambda _: done.append(1), 2: lambda _: done.append(2)}
    migrate_file(old, 1, busy_timeout_s=1, steps=steps, known=3)
    migrate_file(old, 1, busy_timeout_s=1, steps=steps, known=3)
    assert done == [1, 2]


@pytest.mark.parametrize("found", [0, SCHEMA_VERSION + 1])
def test_a_file_that_no_step_leads_on_from_is_refused_and_left_alone(found: int, old: Path) -> None:
    with closing(connect(old, busy_timeout_s=5, writes=True)) as file:
        file.execute(f"UPDATE tongchou_meta SET value = '{found}' WHERE key = 'schema_version'")
    before = old.read_bytes()
    with pytest.raises(StoreUnsuitable) as caught:
        open_store(str(old))
    assert caught.value.code == "store_schema"
    assert (caught.value.facts["found"], caught.value.facts["known"]) == (found, SCHEMA_VERSION)
    assert old.read_bytes() == before
    assert [entry.name for entry in old.parent.iterdir()] == [old.name]


@pytest.fixture
def first(cluster: Cluster, tmp_path: Path) -> Iterator[tuple[str, str, str]]:
    """A database of version 1 with a district and a service that may write: owner, service, its name."""
    database = cluster.fresh("bare")
    for role in ("owner", "service", "reader"):
        cluster.run(f"CREATE ROLE {role} LOGIN")
    cluster.run(f"ALTER DATABASE {database} OWNER TO owner")
    owner, service = cluster.location(database, "owner"), cluster.location(database, "service")
    with lived(str(tmp_path / "today.gpkg")) as store:
        fill_first_database(owner, store)
    tables = ", ".join(f"tongchou.{name}" for name in KNOWN_THEN)
    for grant in (
        f"SELECT, INSERT, UPDATE, DELETE ON {tables}",
        "SELECT, INSERT ON tongchou.tongchou_event, tongchou.tongchou_revision, tongchou.tongchou_meta",
        "SELECT, UPDATE ON tongchou.tongchou_head",
        "SELECT ON tongchou.alembic_version",
        "USAGE ON SCHEMA tongchou",
    ):
        cluster.run(f"GRANT {grant} TO service", database)
    cluster.run("GRANT USAGE ON SCHEMA tongchou TO reader", database)
    cluster.run("GRANT SELECT ON tongchou.communities, tongchou.tongchou_event TO reader", database)
    yield owner, service, database
    cluster.drop(database)
    for role in ("owner", "service", "reader"):
        cluster.run(f"DROP ROLE {role}")


def fill_first_database(owner: str, store: Store) -> None:
    engine = make_engine(place_of(owner))
    with engine.begin() as connection, store.view() as view:
        connection.exec_driver_sql("CREATE SCHEMA tongchou")
        upgrade(connection, store.crs, "1")
        writing = PostgisWriting(connection, store.crs, 5)
        writing.describe(view.meta())
        for name in KNOWN_THEN:
            writing.insert(*view.rows(LAYERS[name]))
        writing.append(list(view.chain()))
        for revision in view.revisions():
            writing.add_revision(revision)
    engine.dispose()


def test_an_older_database_is_moved_on_by_its_owner_only(first: tuple[str, str, str]) -> None:
    owner, service, _ = first
    for location in (owner, service):
        with pytest.raises(StoreUnsuitable) as caught:
            open_store(location)
        assert (caught.value.code, caught.value.facts["found"]) == ("store_schema", 1)
    with pytest.raises(StoreUnsuitable) as caught:
        migrate(service, district())
    assert caught.value.code == "store_not_permitted"
    migrate(owner, district())
    with open_store(owner) as store:
        assert (store.revision(), verify(store)) == (3, [])


def test_the_service_may_go_on_after_a_migration_and_no_more(
    first: tuple[str, str, str], cluster: Cluster
) -> None:
    owner, service, database = first
    cluster.run("GRANT DELETE ON tongchou.tongchou_event TO service", database)
    migrate(owner, district())
    with open_store(service) as store:
        changes = [Change(name, add=frame_of(LAYERS[name])) for name in ("inspections", "files", "consents")]
        done = record(store, changes, actor="a", at=AT, origin="t", receipt=Receipt("k", "d"))
        assert done.revision == 4
        assert verify(store) == []
    more = (
        "DELETE FROM tongchou_receipt",
        "UPDATE tongchou_receipt SET digest = ''",
        "TRUNCATE tongchou_receipt",
        "ALTER TABLE files ADD COLUMN x text",
        "DROP TABLE tongchou_receipt",
    )
    assert {sql for sql in (*FORBIDDEN, *more) if not refused(service, sql)} == set()
    reader = cluster.location(database, "reader")
    with psycopg.connect(reader) as connection:
        assert connection.execute("SELECT count(*) FROM tongchou.communities").fetchone() == (3,)
    assert refused(reader, "SELECT * FROM files")
    assert refused(reader, "INSERT INTO tongchou_receipt VALUES ('k2', '', 1, '')")
    assert set(GRANTS["SELECT, INSERT, UPDATE, DELETE"]) == set(LAYERS)


def test_a_database_newer_than_the_program_is_left_alone(
    first: tuple[str, str, str], cluster: Cluster
) -> None:
    owner, service, database = first
    migrate(owner, district())
    change = (
        "SET session_replication_role = replica; UPDATE tongchou.tongchou_meta SET value = '{}' WHERE key"
    )
    cluster.run(f"{change.format(SCHEMA_VERSION + 1)} = 'schema_version'", database)
    for use in (lambda: open_store(service), lambda: open_store(owner), lambda: migrate(owner, district())):
        with pytest.raises(StoreUnsuitable) as caught:
            use()
        assert (caught.value.code, caught.value.facts["found"]) == ("store_schema", SCHEMA_VERSION + 1)
