"""A full disk: a clear refusal, nothing half written, reads go on, and writes too once there is room."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geo.errors import StoreError
from geo.store.backups import backup
from geo.store.opening import create_store
from geo.store.protocol import Store
from geo.store.record import Change, record
from geo.store.verifying import verify
from tests.conftest import gpkg_only
from tests.test_geo_store import AT, district


def trees(first: int, count: int) -> gpd.GeoDataFrame:
    ids = [f"t{number}" for number in range(first, first + count)]
    return gpd.GeoDataFrame(
        {"id": ids, "kind": "tree", "name": "树" * 50},
        geometry=[shapely.Point(number, number) for number in range(count)],
        crs=4544,
    )


def plant(store: Store, first: int, count: int) -> None:
    record(store, [Change("ground", add=trees(first, count))], actor="a", at=AT, origin="t")


def assert_full(store: Store) -> None:
    with pytest.raises(StoreError) as caught:
        plant(store, 100, 20_000)
    assert caught.value.code == "store_full"
    assert (store.revision(), len(store.read("ground")), len(store.events())) == (1, 100, 100)
    assert verify(store) == []


@gpkg_only
def test_a_file_that_may_not_grow_takes_nothing_by_halves(location: str) -> None:
    with create_store(location, district()) as store:
        plant(store, 0, 100)
        with store.writing() as writing:
            ((pages,),) = writing._rows("PRAGMA page_count")  # type: ignore[attr-defined]
            writing._rows(f"PRAGMA max_page_count = {pages + 200}")  # type: ignore[attr-defined]
        assert_full(store)
        plant(store, 100, 10)
        with store.writing() as writing:
            writing._rows("PRAGMA max_page_count = 1000000")  # type: ignore[attr-defined]
        plant(store, 110, 20_000)
        assert (store.revision(), len(store.read("ground"))) == (3, 20_110)
        assert verify(store) == []


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_full_stops_writes_and_not_reads(tiny: Path, tmp_path: Path) -> None:
    with create_store(str(tiny / "s.gpkg"), district()) as store:
        plant(store, 0, 100)
        ballast = tiny / "ballast"
        with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):
            while True:
                file.write(b"x" * 4096)
        assert_full(store)
        with pytest.raises(StoreError) as caught:
            backup(store, tiny / "copy.gpkg")
        assert caught.value.code == "store_full"
        assert sorted(entry.name.split("-")[0] for entry in tiny.iterdir())[0] == "ballast"
        assert not (tiny / "copy.gpkg").exists()
        ballast.unlink()
        plant(store, 100, 10)
        assert backup(store, tmp_path / "copy.gpkg").revision == 2
        assert verify(store) == []
