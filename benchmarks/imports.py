"""``tongchou import`` of a large GBK Shapefile beside reading the file by pyogrio with Arrow alone."""

import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pyogrio

from benchmarks import setting
from benchmarks.timing import Report, measure, ms
from geo import layers
from geo.intake.prepare import changes, prepare
from geo.store.opening import create_store
from geo.store.record import record
from geo.vocabulary import Mode


def write_shapefile(path: Path) -> int:
    """97,500 footprints with Chinese columns in GBK and no ``.cpg``; returns the rows written."""
    frames = setting.large()
    buildings = frames["buildings"]
    names = frames["communities"].set_index("id")["name"]
    towns = frames["communities"].set_index("id")["town"].map(setting.district().town_names())
    frame = gpd.GeoDataFrame(
        {
            "小区名称": buildings["community"].map(names).astype(object),
            "所属乡镇": buildings["community"].map(towns).astype(object),
            "楼号": buildings["number"].astype(object),
            "层数": buildings["storeys"].astype("int32"),
            "户数": buildings["households"].astype("int32"),
            "建筑面积": buildings["floor_area_dm2"].astype("float64") / 100,
        },
        geometry=buildings.geometry.array,
        crs=setting.district().crs,
    )
    pyogrio.write_dataframe(frame, path, encoding="GBK")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    return len(frame)


def run(report: Report) -> None:
    report.title("Import of a GBK Shapefile of 97,500 buildings")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "楼栋.shp"
        rows = write_shapefile(path)
        _measured(report, path, Path(folder), rows)


def _measured(report: Report, path: Path, folder: Path, rows: int) -> None:
    district = setting.district()
    nothing = {name: layers.empty(layer, district.crs) for name, layer in layers.LAYERS.items()}
    alone = measure(
        "pyogrio", lambda: pyogrio.read_dataframe(path, use_arrow=True, encoding="GBK"), runs=5, warm=1
    )

    def intake() -> object:
        return prepare(
            [path],
            "buildings",
            district=district,
            catalogue=setting.catalogue(),
            committees=(),
            existing=nothing,
        )

    ours = measure("intake", intake, runs=5, warm=1)
    ready = prepare(
        [path], "buildings", district=district, catalogue=setting.catalogue(), committees=(), existing=nothing
    )
    assert ready.accepted == rows, "the import takes every row"
    store = create_store(str(folder / "city.gpkg"), district)
    start = time.perf_counter()
    record(
        store,
        changes(ready, nothing, Mode.ADD),
        actor="benchmark",
        at=datetime.now(UTC),
        origin="benchmark",
    )
    writing = time.perf_counter() - start
    assert len(store.read("buildings")) == rows
    store.close()
    whole = _command(path, folder / "command.gpkg")
    report.head("", "time")
    report.row("`pyogrio.read_dataframe(use_arrow=True)` alone, encoding told", ms(alone.median))
    report.row("our intake: encoding found, fenced reading, headings, communities, checks", ms(ours.median))
    report.row("the store's own writing (rows, R-tree, one event a row, chained; once)", ms(writing))
    report.row("`tongchou import` as a command, all of it and Python's start (once)", ms(whole))
    ratio = ours.median / alone.median
    report.say("")
    report.goal(f"intake at most 3 times the bare reading: {ratio:,.2f} times", met=ratio <= 3)


def _command(path: Path, store: Path) -> float:
    tongchou = Path(sys.executable).with_name("tongchou")
    subprocess.run([tongchou, "init", "--store", store], check=True, capture_output=True)
    start = time.perf_counter()
    done = subprocess.run(
        [tongchou, "import", path, "--layer", "buildings", "--store", store, "--json"],
        check=True,
        capture_output=True,
        text=True,
    )
    json.loads(done.stdout)
    return time.perf_counter() - start
