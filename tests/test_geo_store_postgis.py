"""The store on a server: its schema, who may do what there, and what goes wrong on the way to it."""

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import psycopg
import pytest
import sqlalchemy
from sqlalchemy import Date, create_engine

from geo.errors import PlanError, StoreError, StoreExists, StoreMissing, StoreUnsuitable
from geo.layers import LAYERS
from geo.store.opening import create_store, migrate, open_store, shown
from geo.store.postgres import SCHEMA
from geo.store.record import Change, record
from geo.store.snapshot import SnapshotKeeper
from geo.store.tables import GEOMETRY_COLUMN, LAYER_TABLES, RECORD_TABLES, geometry_type
from geo.store.verifying import verify
from tests.conftest import Cluster, postgis_only
from tests.test_geo_store import AT, district, full_store

SECRET = "geheim-geheim"


@pytest.fixture
def roles(cluster: Cluster) -> Iterator[tuple[str, str, str]]:
    """A database of ``owner`` with PostGIS: its location as the owner and as the service, and its name."""
    database = cluster.fresh("bare")
    for role in ("owner", "service", "stranger"):
        cluster.run(f"CREATE ROLE {role} LOGIN")
    cluster.run(f"ALTER DATABASE {database} OWNER TO owner")
    yield cluster.location(database, "owner"), cluster.location(database, "service"), database
    cluster.drop(database)
    for role in ("owner", "service", "stranger"):
        cluster.run(f"DROP ROLE {role}")


def refused(location: str, sql: str) -> bool:
    """Whether PostgreSQL refuses the statement for lack of rights, even to one who says he is recording."""
    with psycopg.connect(location) as connection:
        connection.execute(f"SET search_path = {SCHEMA}, public")
        connection.execute(f"SET {SCHEMA}.record = 'on'")
        try:
            connection.execute(sql)  # type: ignore[call-overload]
        except psycopg.errors.InsufficientPrivilege:
            return True
        finally:
            connection.rollback()
    return False


FORBIDDEN = (
    "UPDATE tongchou_event SET actor = 'somebody else'",
    "DELETE FROM tongchou_event",
    "TRUNCATE tongchou_event",
    "UPDATE tongchou_revision SET at = ''",
    "DELETE FROM tongchou_revision",
    "UPDATE tongchou_meta SET value = 'x'",
    "DELETE FROM tongchou_meta",
    "DELETE FROM tongchou_head",
    "INSERT INTO tongchou_head VALUES (true, 0, 0, '')",
    "UPDATE alembic_version SET version_num = '9'",
    "ALTER TABLE works ADD COLUMN x text",
    "ALTER TABLE tongchou_event DISABLE TRIGGER ALL",
    "DROP TABLE works",
    "DROP TRIGGER tongchou_keep ON tongchou_event",
    "CREATE TABLE tongchou.x (y text)",
    "CREATE TABLE public.x (y text)",
    "CREATE OR REPLACE FUNCTION tongchou.refuse() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
    "TRUNCATE works",
    "SET session_replication_role = replica",
)


def test_the_service_records_and_can_do_nothing_else(roles: tuple[str, str, str]) -> None:
    owner, service, _ = roles
    migrate(owner, district(), service="service")
    full_store(service).close()
    with open_store(service) as store:
        edit = pd.DataFrame({"id": ["works-0 号"], "note": ["x"]})
        changes = [Change("works", update=edit), Change("works", remove=["works-2 号"])]
        assert record(store, changes, actor="a", at=AT, origin="t").revision == 2
        assert {sql for sql in FORBIDDEN if not refused(service, sql)} == set()
        assert verify(store) == []
    with pytest.raises(StoreUnsuitable) as caught:
        migrate(service, district())
    assert caught.value.code == "store_not_permitted"


def test_not_even_the_owner_alters_the_history_by_mistake(roles: tuple[str, str, str]) -> None:
    owner, _, _ = roles
    migrate(owner, district())
    with full_store(owner) as store:
        for sql in FORBIDDEN[:5]:
            assert refused(owner, sql)
        with psycopg.connect(owner) as connection:
            for layer in LAYERS:
                with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                    connection.execute(f"UPDATE tongchou.{layer} SET source = 'x'")  # type: ignore[arg-type]
        assert verify(store) == []


def test_a_role_without_rights_learns_nothing(roles: tuple[str, str, str], cluster: Cluster) -> None:
    owner, service, database = roles
    with pytest.raises(StoreMissing):
        open_store(owner)
    with pytest.raises(StoreUnsuitable) as caught:
        create_store(service, district())
    assert caught.value.code == "store_not_permitted"
    migrate(owner, district(), service="service")
    with pytest.raises(StoreMissing):
        open_store(service)
    create_store(service, district()).close()
    with pytest.raises(StoreExists):
        create_store(service, district())
    with pytest.raises(StoreUnsuitable) as caught:
        open_store(cluster.location(database, "stranger"))
    assert caught.value.code == "store_not_permitted"
    with pytest.raises(StoreUnsuitable) as caught:
        migrate(owner, district(), service="nobody of that name")
    assert caught.value.code == "store_no_role"


def test_migrating_again_changes_nothing_and_takes_back_what_was_given_too_much(
    roles: tuple[str, str, str], cluster: Cluster
) -> None:
    owner, service, database = roles
    migrate(owner, district(), service="service")
    full_store(service).close()
    cluster.run("GRANT ALL ON ALL TABLES IN SCHEMA tongchou TO service", database)
    migrate(owner, district(), service="service")
    assert refused(service, "DELETE FROM tongchou_meta")
    with open_store(service) as store:
        assert store.revision() == 1
        assert verify(store) == []


@postgis_only
@pytest.mark.parametrize("found", [0, 99])
def test_a_schema_of_another_version_is_refused(
    found: int, location: str, forge: Callable[[str], None]
) -> None:
    create_store(location, district()).close()
    forge(f"UPDATE tongchou_meta SET value = '{found}' WHERE key = 'schema_version'")
    with pytest.raises(StoreUnsuitable) as caught:
        open_store(location)
    assert (caught.value.code, caught.value.facts["found"]) == ("store_schema", found)
    if found:
        with pytest.raises(StoreUnsuitable):
            migrate(location, district())


def test_a_database_that_cannot_hold_a_store_is_refused(cluster: Cluster) -> None:
    cluster.run("CREATE ROLE plain LOGIN")
    cluster.run("CREATE DATABASE nopostgis OWNER plain TEMPLATE template0")
    cluster.run("CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII'")
    for location, code in (
        (cluster.location("nopostgis", "plain"), "store_without_postgis"),
        (cluster.location("ascii"), "store_encoding"),
    ):
        with pytest.raises(StoreUnsuitable) as caught:
            migrate(location, district())
        assert caught.value.code == code
        with pytest.raises(StoreMissing):
            open_store(location)
    migrate(cluster.location("nopostgis"), district())
    cluster.drop("nopostgis")
    cluster.drop("ascii")
    cluster.run("DROP ROLE plain")


def test_the_schema_is_that_of_the_tables(cluster: Cluster) -> None:
    engine = create_engine(cluster.location("migrated").replace("postgresql:", "postgresql+psycopg:"))
    look = sqlalchemy.inspect(engine)
    look.dialect.ischema_names["geometry"] = sqlalchemy.Text
    kinds = {"TEXT": "TEXT", "INTEGER": "BIGINT", "BIGINT": "BIGINT", "BOOLEAN": "BOOLEAN", "DATE": "DATE"}
    kinds["DOUBLE"] = "DOUBLE PRECISION"
    for table in (*LAYER_TABLES.values(), *RECORD_TABLES):
        there = {column["name"]: column for column in look.get_columns(table.name, schema=SCHEMA)}
        assert list(there) == [column.name for column in table.c]
        for column in table.c:
            if column.name != GEOMETRY_COLUMN:
                expected = kinds[str(column.type).split()[0]]
                assert str(there[column.name]["type"]) == expected, (table.name, column.name)
                assert there[column.name]["nullable"] == column.nullable, (table.name, column.name)
        key = look.get_pk_constraint(table.name, schema=SCHEMA)["constrained_columns"]
        assert key == [column.name for column in table.primary_key]
        indexes = {one["name"]: one for one in look.get_indexes(table.name, schema=SCHEMA)}
        for index in table.indexes:
            assert indexes[str(index.name)]["column_names"] == [column.name for column in index.columns]
    query = "SELECT f_table_name, type, srid FROM geometry_columns WHERE f_table_schema = %s ORDER BY 1"
    with psycopg.connect(cluster.location("migrated")) as connection:
        drawn = connection.execute(query, (SCHEMA,)).fetchall()
    engine.dispose()
    spatial = sorted((layer for layer in LAYERS.values() if layer.geometry), key=lambda layer: layer.name)
    assert drawn == [(layer.name, geometry_type(layer), 4544) for layer in spatial]
    assert Date in {type(column.type) for column in LAYER_TABLES["works"].c}


def words_of(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))


def test_a_password_is_never_repeated(cluster: Cluster, tmp_path: Path) -> None:
    cluster.run(f"CREATE ROLE keyed LOGIN PASSWORD '{SECRET}'")
    folder = cluster.folder
    attempts = {
        f"postgresql://keyed:{SECRET}@/migrated?host={folder}": StoreUnsuitable,
        f"postgresql://keyed:wrong-{SECRET}@/migrated?host={folder}": StoreUnsuitable,
        f"postgresql://keyed@/migrated?host={folder}&password=wrong-{SECRET}": StoreUnsuitable,
        f"postgresql://keyed:{SECRET}@/nothing?host={folder}": StoreMissing,
        f"postgresql://keyed:{SECRET}@/migrated?host={tmp_path}": StoreError,
        f"postgresql://keyed:{SECRET}@127.0.0.1:1/migrated": StoreError,
        f"postgresql://keyed:{SECRET}@127.0.0.1:x/migrated": StoreUnsuitable,
        f"postgresql://keyed:a@{SECRET}@127.0.0.1/migrated": StoreUnsuitable,
        f"postgresql://keyed:{SECRET}@/migrated?host={folder}&nonsense={SECRET}": StoreError,
    }
    for location, kind in attempts.items():
        for attempt in (open_store, lambda where: create_store(where, district())):
            with pytest.raises(PlanError) as caught:
                attempt(location)
            assert isinstance(caught.value, kind), location
            assert SECRET not in words_of(caught.value), location
    cluster.run("DROP ROLE keyed")


def test_a_location_is_shown_without_its_password(tmp_path: Path) -> None:
    assert shown(f"postgresql://u:{SECRET}@h:5433/d?sslmode=require") == "postgresql://u@h:5433/d"
    assert shown(f"gpkg:{tmp_path}/s.gpkg") == f"{tmp_path}/s.gpkg"


@postgis_only
def test_a_store_comes_back_when_its_connections_were_cut(location: str, cluster: Cluster) -> None:
    with full_store(location) as store:
        keeper = SnapshotKeeper(store)
        assert keeper.current().revision == 1
        cluster.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 't%'")
        assert store.revision() == 1
        cluster.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 't%'")
        with pytest.raises(StoreError), store.writing() as writing:
            cluster.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 't%'")
            writing.remove(LAYERS["works"], ["works-0 号"])
        edit = pd.DataFrame({"id": ["works-0 号"], "note": ["x"]})
        assert record(store, [Change("works", update=edit)], actor="a", at=AT, origin="t").revision == 2
        assert keeper.current().revision == 2


@postgis_only
@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("53100", "store_full"),
        ("55P03", "store_busy"),
        ("40P01", "store_busy"),
        ("42501", "store_not_permitted"),
        ("25006", "store_read_only"),
        ("08006", "store_unreachable"),
        ("22012", "store_failed"),
    ],
)
def test_what_the_server_says_is_put_in_our_words(state: str, code: str, location: str) -> None:
    with create_store(location, district()) as store:
        with pytest.raises(StoreError) as caught, store.writing() as writing:
            writing._cursor(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$")  # type: ignore[attr-defined]
        assert caught.value.code == code
        assert store.revision() == 0


@postgis_only
def test_a_closed_store_says_so(location: str) -> None:
    store = create_store(location, district())
    store.close()
    for use in (store.revision, store.meta, lambda: store.read("works")):
        with pytest.raises(StoreError) as caught:
            use()
        assert caught.value.code == "store_closed"
    assert SECRET not in str(caught.value)
