"""Verify: a whole store has no problems, and each way of breaking one is found where it was done."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from geo.errors import StoreError
from geo.store.opening import open_store
from geo.store.protocol import Store
from geo.store.record import Change, record
from geo.store.reverting import undo
from geo.store.sqlite import driver
from geo.store.verifying import verify
from tests.conftest import gpkg_only, postgis_only
from tests.test_geo_store import AT, full_store


@pytest.fixture
def store(location: str) -> Iterator[Store]:
    with full_store(location) as store:
        edit = pd.DataFrame({"id": ["communities-0 号"], "note": ["改"]})
        record(store, [Change("communities", update=edit)], actor="a", at=AT, origin="t")
        record(store, [Change("works", remove=["works-1 号"])], actor="a", at=AT, origin="t")
        yield store


def found(store: Store) -> set[tuple[str, int, str, str]]:
    return {(one.code, one.seq, one.layer, one.row) for one in verify(store)}


def test_a_store_that_went_through_every_kind_of_change_is_whole(store: Store) -> None:
    assert verify(store) == []


HISTORY = {
    "UPDATE tongchou_event SET after = replace(after, '改', '删') WHERE seq = 37": {
        ("hash", 37, "communities", "communities-0 号"),
        ("row_differs", 0, "communities", "communities-0 号"),
    },
    "UPDATE tongchou_event SET before = after WHERE seq = 37": {
        ("hash", 37, "communities", "communities-0 号"),
        ("replay", 37, "communities", "communities-0 号"),
    },
    "UPDATE tongchou_event SET actor = 'b' WHERE seq = 37": {
        ("hash", 37, "communities", "communities-0 号"),
        ("revision", 37, "communities", "communities-0 号"),
    },
    "UPDATE tongchou_revision SET actor = 'b' WHERE revision = 2": {
        ("revision", 37, "communities", "communities-0 号")
    },
    "DELETE FROM tongchou_revision WHERE revision = 2": {
        ("revision", 37, "communities", "communities-0 号"),
        ("revision_gap", 0, "", ""),
    },
}
ROWS = {
    "UPDATE communities SET note = '别的' WHERE id = 'communities-1 号'": {
        ("row_differs", 0, "communities", "communities-1 号")
    },
    "UPDATE communities SET row_revision = 3 WHERE id = 'communities-1 号'": {
        ("row_revision", 0, "communities", "communities-1 号")
    },
    "DELETE FROM owners WHERE id = 'owners-2 号'": {("row_missing", 0, "owners", "owners-2 号")},
    "INSERT INTO owners (id, name, row_revision) VALUES ('x', 'x', 1)": {("row_extra", 0, "owners", "x")},
}


@pytest.mark.parametrize("forgery", HISTORY | ROWS)
def test_what_was_forged_is_named(forgery: str, store: Store, forge: Callable[[str], None]) -> None:
    forge(forgery)
    assert found(store) == (HISTORY | ROWS)[forgery]


def test_a_history_cut_at_its_end_shows(store: Store, forge: Callable[[str], None]) -> None:
    forge("DELETE FROM tongchou_event WHERE seq = 38")
    assert ("revision_empty", 0, "", "") in found(store)
    forge("DELETE FROM tongchou_revision WHERE revision = 3")
    assert ("row_missing", 0, "works", "works-1 号") in found(store)


@pytest.mark.parametrize(
    ("forgery", "seq"),
    [
        ("UPDATE tongchou_event SET action = 'add' WHERE seq = 39", 39),
        ("UPDATE tongchou_event SET action = 'restore' WHERE seq = 1", 1),
        ("UPDATE tongchou_event SET action = 'update' WHERE seq = 39", 39),
        ("UPDATE tongchou_event SET action = 'remove' WHERE seq = 37", 37),
    ],
)
def test_a_row_comes_back_only_after_it_went(
    forgery: str, seq: int, store: Store, forge: Callable[[str], None]
) -> None:
    with store.view() as view:
        back = undo(view, 3)
    record(store, back, actor="a", at=AT, origin="t")
    assert verify(store) == []
    forge(forgery)
    assert {("replay", seq), ("hash", seq)} <= {(one.code, one.seq) for one in verify(store)}


def test_a_closed_store_is_not_called_damaged(location: str) -> None:
    store = full_store(location)
    store.close()
    with pytest.raises(StoreError) as caught:
        verify(store)
    assert caught.value.code == "store_closed"


@gpkg_only
@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ("DELETE FROM rtree_communities_geom", ("index", 0, "communities", "")),
        ("DROP TRIGGER tongchou_guard_works_update", ("guard", 0, "works", "")),
        ("DROP TRIGGER rtree_lines_geom_update6", ("guard", 0, "lines", "")),
        ("DROP TABLE works", ("table", 0, "works", "")),
        ("INSERT INTO rtree_lines_geom VALUES (77, 0, 0, 0, 0)", ("index", 0, "lines", "")),
        ("DROP TABLE rtree_lines_geom", ("index", 0, "lines", "")),
        ("UPDATE rtree_lines_geom SET maxx = minx", ("index", 0, "lines", "")),
        ("UPDATE buildings SET storeys = 'many'", ("row_differs", 0, "buildings", "buildings-0 号")),
        (
            "DELETE FROM rtree_lines_geom_parent; DELETE FROM rtree_lines_geom_rowid",
            ("index", 0, "lines", ""),
        ),
        ("DELETE FROM gpkg_contents WHERE table_name = 'lines'", ("damaged", 0, "", "")),
        ("UPDATE nodes SET geom = substr(geom, 1, 44)", ("unreadable", 0, "nodes", "")),
    ],
)
def test_a_damaged_file_shows(
    damage: str, problem: tuple[str, int, str, str], store: Store, forge: Callable[[str], None]
) -> None:
    forge(damage)
    assert problem in found(store)


@postgis_only
@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ("UPDATE tongchou_head SET hash = ''", ("head", 0, "", "")),
        ("DELETE FROM tongchou_head", ("head", 0, "", "")),
        ("ALTER TABLE works DISABLE TRIGGER tongchou_guard", ("guard", 0, "works", "")),
        ("DROP TRIGGER tongchou_keep ON tongchou_event", ("guard", 0, "tongchou_event", "")),
        ("DROP INDEX lines_geom", ("index", 0, "lines", "")),
        (
            "UPDATE communities SET geom = 'SRID=4544;MULTIPOLYGON(((0 0,1 1,1 0,0 1,0 0)))' WHERE fid = 1",
            ("shape", 0, "communities", "communities-0 号"),
        ),
    ],
)
def test_a_damaged_database_shows(
    damage: str, problem: tuple[str, int, str, str], store: Store, forge: Callable[[str], None]
) -> None:
    forge(damage)
    assert problem in found(store)


@gpkg_only
def test_an_index_that_is_not_in_order_shows(location: str) -> None:
    full_store(location).close()
    with closing(driver().connect(location)) as file:
        root = "SELECT rootpage FROM sqlite_master WHERE name = 'tongchou_event_row'"
        page = file.execute(root).fetchone()[0]
    raw = Path(location).read_bytes()
    start = (page - 1) * 4096
    leaf = raw[start : start + 4096].replace(b"works-0", b"works-9")
    assert leaf != raw[start : start + 4096]
    Path(location).write_bytes(raw[:start] + leaf + raw[start + 4096 :])
    with open_store(location) as store:
        assert "damaged" in {problem.code for problem in verify(store)}


@gpkg_only
def test_pages_that_were_overwritten_show(location: str) -> None:
    full_store(location).close()
    with closing(driver().connect(location)) as file:
        root = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        pages = [file.execute(root, (name,)).fetchone()[0] for name in ("owners", "tongchou_event_row")]
    with Path(location).open("r+b") as raw:
        for page in pages:
            raw.seek((page - 1) * 4096)
            raw.write(b"\xff" * 4096)
    with open_store(location) as store:
        assert "damaged" in {problem.code for problem in verify(store)}
