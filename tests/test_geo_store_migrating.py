"""A GeoPackage of an older schema is moved on when it is opened, with a backup first."""

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from geo.errors import StoreUnsuitable
from geo.store.migrating import STEPS, migrate_file
from geo.store.opening import open_store
from geo.store.sqlite import connect, driver
from geo.store.verifying import verify
from tests.test_geo_store import full_store

Shape = dict[str, list[tuple[object, ...]]]

SHAPE = {
    "triggers": "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
    "indexes": "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name",
    "contents": "SELECT * FROM gpkg_contents ORDER BY table_name",
    "geometry columns": "SELECT * FROM gpkg_geometry_columns ORDER BY table_name",
    "extensions": "SELECT * FROM gpkg_extensions ORDER BY table_name",
    "reference systems": "SELECT * FROM gpkg_spatial_ref_sys ORDER BY srs_id",
    "styles": "SELECT * FROM layer_styles ORDER BY id",
    "tree": "SELECT * FROM rtree_buildings_geom ORDER BY id",
    "geometry": "SELECT fid, typeof(geom), geom FROM buildings ORDER BY fid",
    "identity": "PRAGMA application_id",
}


def add_column(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE buildings ADD COLUMN structure TEXT")


def older(path: Path) -> None:
    """A store of a version 0 that did not know a building's structure yet."""
    full_store(str(path)).close()
    with closing(connect(path, busy_timeout_s=5, writes=True)) as file:
        file.executescript(
            "ALTER TABLE buildings DROP COLUMN structure;"
            "UPDATE tongchou_meta SET value = '0' WHERE key = 'schema_version'"
        )


def shape_of(path: Path) -> Shape:
    with closing(driver().connect(str(path))) as file:
        return {name: file.execute(query).fetchall() for name, query in SHAPE.items()}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "区.gpkg"
    older(path)
    return path


def test_an_older_file_is_moved_on_and_backed_up(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STEPS, 0, add_column)
    before, whole = shape_of(old), old.read_bytes()
    with open_store(str(old)) as store:
        assert store.meta()["schema_version"] == "1"
        assert store.read("buildings")["structure"].isna().all()
        assert {problem.code for problem in verify(store)} == {"row_differs"}
    assert shape_of(old) == before
    kept = old.with_name("区.v0-r1.gpkg")
    assert sorted(entry.name for entry in old.parent.iterdir()) == sorted([old.name, kept.name])
    assert shape_of(kept) == before
    kept.rename(old)
    open_store(str(old)).close()
    assert len(whole) == len(old.with_name("区.v0-r1.gpkg").read_bytes())


def test_a_step_that_fails_leaves_the_file_as_it_was(old: Path) -> None:
    def fail(connection: Connection) -> None:
        add_column(connection)
        raise RuntimeError("power")

    before = shape_of(old)
    with pytest.raises(RuntimeError):
        migrate_file(old, 0, busy_timeout_s=1, steps={0: fail})
    assert shape_of(old) == before
    with closing(driver().connect(str(old))) as file:
        names = [row[1] for row in file.execute("PRAGMA table_info(buildings)")]
        assert "structure" not in names
        assert file.execute("SELECT value FROM tongchou_meta WHERE key = 'schema_version'").fetchone() == (
            "0",
        )
    second = migrate_file(old, 0, busy_timeout_s=1, steps={0: add_column})
    assert second.name == "区.v0-r1-2.gpkg"


def test_steps_follow_one_another_and_one_is_not_done_twice(old: Path) -> None:
    done: list[int] = []
    steps = {0: lambda _: done.append(0), 1: lambda _: done.append(1)}
    migrate_file(old, 0, busy_timeout_s=1, steps=steps, known=2)
    migrate_file(old, 0, busy_timeout_s=1, steps=steps, known=2)
    assert done == [0, 1]


def test_a_file_that_no_step_leads_on_from_is_refused_and_left_alone(old: Path) -> None:
    before = old.read_bytes()
    with pytest.raises(StoreUnsuitable) as caught:
        open_store(str(old))
    assert (caught.value.code, caught.value.facts["found"]) == ("store_schema", 0)
    assert old.read_bytes() == before
    assert [entry.name for entry in old.parent.iterdir()] == [old.name]
