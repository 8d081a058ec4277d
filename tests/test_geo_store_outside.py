"""Other programs beside a live store: they read it, and an edit of theirs fails with the file whole."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pytest

from geo.layers import LAYERS
from geo.store.protocol import Store
from geo.store.record import Change, record
from geo.store.tables import geometry_type
from tests.test_geo_store import AT, X, Y, full_store

READ = """
import json, sys
import pyogrio
path, *layers = sys.argv[1:]
seen = {}
for layer in layers:
    info = pyogrio.read_info(path, layer=layer)
    left, bottom, *_ = info["total_bounds"]
    box = (left - 1, bottom - 1, left + 1, bottom + 1)
    seen[layer] = {
        "crs": info["crs"],
        "type": info["geometry_type"],
        "bounds": list(info["total_bounds"]),
        "rows": info["features"],
        "fields": list(info["fields"]),
        "in_box": pyogrio.read_dataframe(path, layer=layer, bbox=box)["id"].tolist(),
        "arrow": len(pyogrio.read_dataframe(path, layer=layer, use_arrow=True)),
        "far": len(pyogrio.read_dataframe(path, layer=layer, bbox=(0, 0, 1, 1))),
    }
print(json.dumps(seen))
"""

EDIT_BY_GDAL = """
import json, sys
import geopandas as gpd
path, *layers = sys.argv[1:]
told = {}
for layer in layers:
    rows = gpd.read_file(path, layer=layer).iloc[:1].assign(id="from outside")
    try:
        rows.to_file(path, layer=layer, mode="a")
    except Exception as error:
        told[layer] = str(error)
print(json.dumps(told))
"""

EDIT_BY_SQLITE = """
import json, sqlite3, sys
path, *statements = sys.argv[1:]
told = {}
for statement in statements:
    connection = sqlite3.connect(path, timeout=10)
    try:
        connection.execute(statement)
        connection.commit()
    except sqlite3.Error as error:
        told[statement] = str(error)
    connection.close()
print(json.dumps(told))
"""

FORBIDDEN = (
    "UPDATE communities SET stage = 'acceptance'",
    "DELETE FROM works",
    "INSERT INTO owners (id, name, row_revision) VALUES ('x', 'x', 1)",
    "UPDATE tongchou_event SET actor = 'somebody else'",
    "DELETE FROM tongchou_event",
    "INSERT INTO tongchou_revision VALUES (9, '', '', '', '')",
    "UPDATE tongchou_meta SET value = 'EPSG:4545' WHERE key = 'crs'",
)

GDAL_TYPES = {
    "MULTIPOLYGON": "MultiPolygon",
    "MULTILINESTRING": "MultiLineString",
    "POINT": "Point",
    "GEOMETRY": "Unknown",
}
SPATIAL = [layer for layer in LAYERS.values() if layer.geometry]


def elsewhere(script: str, *arguments: str) -> dict[str, Any]:
    """What a script in another process prints as JSON."""
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = orjson.loads(done.stdout)
    return told


@pytest.fixture
def live(tmp_path: Path) -> Iterator[tuple[Store, str]]:
    with full_store(str(tmp_path / "区.gpkg")) as store:
        yield store, str(tmp_path / "区.gpkg")


def read_elsewhere(path: str) -> dict[str, Any]:
    return elsewhere(READ, path, *(layer.name for layer in SPATIAL))


def assert_whole(store: Store) -> None:
    with store.view() as view:
        assert view._rows("PRAGMA integrity_check") == [("ok",)]
        for layer in SPATIAL:
            drawn = view._rows(f"SELECT count(*) FROM {layer.name} WHERE geom NOTNULL")
            assert view._rows(f"SELECT count(*) FROM rtree_{layer.name}_geom") == drawn
            assert view._rows(f"SELECT rtreecheck('rtree_{layer.name}_geom')") == [("ok",)]


def test_gdal_reads_every_layer_of_a_live_store(live: tuple[Store, str]) -> None:
    store, path = live
    seen = read_elsewhere(path)
    for layer in SPATIAL:
        frame = store.read(layer)
        told = seen[layer.name]
        assert told["crs"] == "EPSG:4544"
        assert told["type"] == GDAL_TYPES[geometry_type(layer)]
        assert told["bounds"] == frame.total_bounds.tolist()
        assert told["rows"] == told["arrow"] == 3
        assert told["fields"] == [*layer.names, "row_revision"]
        assert told["in_box"] == frame["id"][frame.geometry.notna()].tolist()
        assert told["far"] == 0


def test_gdal_reads_what_was_there_before_while_we_write(live: tuple[Store, str]) -> None:
    store, path = live
    with store.writing() as writing:
        writing.remove(LAYERS["ground"], ["ground-0 号"])
        assert read_elsewhere(path)["ground"]["rows"] == 3
    assert read_elsewhere(path)["ground"]["rows"] == 2
    assert_whole(store)


def test_gdal_may_look_but_not_edit(live: tuple[Store, str]) -> None:
    store, path = live
    before = {layer.name: store.read(layer) for layer in SPATIAL}
    told = elsewhere(EDIT_BY_GDAL, path, *before)
    assert {layer for layer, error in told.items() if "tongchou_guard" in error} == set(before)
    for layer in SPATIAL:
        pd.testing.assert_frame_equal(store.read(layer), before[layer.name])
    assert_whole(store)
    edit = pd.DataFrame({"id": ["works-0 号"], "note": ["仍可写"]})
    assert record(store, [Change("works", update=edit)], actor="a", at=AT, origin="t").revision == 2


def test_sqlite_of_another_program_may_look_but_not_edit(live: tuple[Store, str]) -> None:
    store, path = live
    told = elsewhere(EDIT_BY_SQLITE, path, *FORBIDDEN)
    assert told == dict.fromkeys(FORBIDDEN, "no such function: tongchou_guard")
    assert store.revision() == 1 and len(store.read("works")) == 3
    assert_whole(store)


def test_the_guards_hold_when_nobody_has_the_store_open(tmp_path: Path) -> None:
    full_store(str(tmp_path / "区.gpkg")).close()
    path = str(tmp_path / "区.gpkg")
    assert len(elsewhere(EDIT_BY_GDAL, path, "lines", "communities")) == 2
    assert len(elsewhere(EDIT_BY_SQLITE, path, *FORBIDDEN)) == len(FORBIDDEN)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM lines").fetchone() == (3,)


def test_styling_from_outside_is_allowed(live: tuple[Store, str]) -> None:
    store, path = live
    assert elsewhere(EDIT_BY_SQLITE, path, "UPDATE layer_styles SET styleQML = styleQML || ' '") == {}
    assert_whole(store)


def test_extents_are_those_of_the_rows(live: tuple[Store, str]) -> None:
    _, path = live
    assert read_elsewhere(path)["nodes"]["bounds"] == [X, Y, X, Y]
