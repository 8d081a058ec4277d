"""The GeoPackage store as a file: made whole, refused where it cannot be used, a GeoPackage to everybody."""

import os
import struct
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import StoreError, StoreExists, StoreMissing, StoreUnsuitable
from geo.layers import LAYERS
from geo.store import blobs, sqlite
from geo.store.export import copy_store
from geo.store.gpkg import GeoPackageStore
from geo.store.opening import create_store, is_live, migrate, open_store
from geo.store.places import file_system_of, is_network
from geo.store.placing import placing
from geo.store.protocol import Store
from geo.store.record import Change, record
from geo.store.sqlite import OLDEST_SQLITE, driver
from geo.store.tables import geometry_type
from tests.test_geo_store import AT, X, Y, district, frame_of, full_store, new_store


def place(folder: Path) -> str:
    return str(folder / "区.gpkg")


def test_a_store_that_is_not_there_and_one_that_is(tmp_path: Path) -> None:
    path = tmp_path / "s.gpkg"
    with pytest.raises(StoreMissing):
        open_store(str(path))
    assert not path.exists()
    create_store(str(path), district()).close()
    before = path.read_bytes()
    with pytest.raises(StoreExists):
        create_store(str(path), district())
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["s.gpkg"]


@pytest.mark.parametrize(
    "location",
    [
        "mysql://u:geheim@h/d",
        "https://example.org/x.gpkg",
        "postgresql://u:ge@heim@h/d",
        "postgresql://u:geheim@h",
    ],
)
def test_another_kind_of_store_is_refused_without_repeating_its_password(location: str) -> None:
    for attempt in (open_store, lambda where: create_store(where, district())):
        with pytest.raises(StoreUnsuitable) as caught:
            attempt(location)
        assert caught.value.code in ("store_kind_unsupported", "store_location")
        assert "heim" not in str(caught.value)


def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.gpkg"
    gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(0, 0)], crs=4544).to_file(
        foreign, layer="communities"
    )
    text = tmp_path / "text.gpkg"
    text.write_text("这不是数据库" * 100, encoding="utf-8")
    nothing = tmp_path / "nothing.gpkg"
    nothing.touch()
    for path, code in ((foreign, "store_foreign"), (text, "store_unreadable"), (nothing, "store_foreign")):
        before = path.read_bytes()
        with pytest.raises(StoreUnsuitable) as caught:
            open_store(str(path))
        assert caught.value.code == code
        assert path.read_bytes() == before
        assert not is_live(path)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.gpkg"
    store = create_store(str(path), district())
    assert isinstance(store, GeoPackageStore)
    with store.writing() as writing:
        writing._connection.exec_driver_sql(
            "UPDATE tongchou_meta SET value = '99' WHERE key = 'schema_version'"
        )
    store.close()
    with pytest.raises(StoreUnsuitable) as caught:
        open_store(str(path))
    assert (caught.value.code, caught.value.facts["found"]) == ("store_schema", 99)


def test_what_a_deleted_store_left_is_not_played_into_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "s.gpkg"
    Path(f"{path}-wal").write_bytes(b"left")
    with pytest.raises(StoreExists) as caught:
        create_store(str(path), district())
    assert caught.value.facts["path"] == f"{path}-wal"
    assert not path.exists()


def test_a_closed_store_says_so_and_opens_nothing(tmp_path: Path) -> None:
    store = new_store(place(tmp_path))
    store.close()
    store.close()
    for use in (
        store.revision,
        store.meta,
        lambda: store.read("works"),
        lambda: store.backup(tmp_path / "b"),
    ):
        with pytest.raises(StoreError) as caught:
            use()
        assert caught.value.code == "store_closed"
    assert [entry.name for entry in tmp_path.iterdir()] == ["区.gpkg"]


def test_the_same_district_makes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        create_store(str(tmp_path / name), district(), as_of=date(2026, 7, 15)).close()
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_file_is_a_geopackage_by_its_own_account(tmp_path: Path) -> None:
    full_store(place(tmp_path)).close()
    connection = driver().connect(str(tmp_path / "区.gpkg"))
    assert connection.execute("PRAGMA application_id").fetchone() == (int.from_bytes(b"GPKG", "big"),)
    assert connection.execute("PRAGMA user_version").fetchone() == (10400,)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    spatial = {layer.name: layer for layer in LAYERS.values() if layer.geometry}
    declared = dict(connection.execute("SELECT table_name, geometry_type_name FROM gpkg_geometry_columns"))
    assert declared == {name: geometry_type(layer) for name, layer in spatial.items()}
    for name in spatial:
        trigger = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE ?"
        assert connection.execute(trigger, (f"rtree\\_{name}\\_geom\\_%".replace("\\", ""),)).fetchone() == (
            7,
        )
        shapes = connection.execute(f"SELECT geom FROM {name} WHERE geom NOTNULL").fetchall()
        assert len(shapes) == connection.execute(f"SELECT count(*) FROM rtree_{name}_geom").fetchone()[0]
        for (blob,) in shapes:
            magic, version, flags, srs = struct.unpack_from("<2sBBi", blob)
            assert (magic, version, flags, srs) == (b"GP", 0, 3, 4544)
            assert declared[name] in ("GEOMETRY", shapely.from_wkb(blob[40:]).geom_type.upper())
    connection.close()


def test_qgis_finds_a_style_for_stages_and_for_lines(tmp_path: Path) -> None:
    new_store(place(tmp_path)).close()
    connection = driver().connect(str(tmp_path / "区.gpkg"))
    query = (
        "SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault AND f_geometry_column = 'geom'"
    )
    styles = {name: ElementTree.fromstring(text) for name, text in connection.execute(query)}
    connection.close()
    for layer, column in (("communities", "stage"), ("lines", "utility")):
        renderer = styles[layer].find("renderer-v2")
        assert renderer is not None and renderer.get("attr") == column
        choices = LAYERS[layer].column(column).choices
        assert choices is not None
        drawn = [category.get("value") for category in renderer.iter("category")]
        assert drawn == [*(choice.value for choice in choices), ""]
        symbols = {symbol.get("name") for symbol in renderer.iter("symbol")}
        assert symbols == {category.get("symbol") for category in renderer.iter("category")}
    assert all(layer in LAYERS for layer in styles)


def test_a_copy_is_whole_and_the_original_goes_on(tmp_path: Path) -> None:
    copy = tmp_path / "out" / "copy.gpkg"
    with full_store(place(tmp_path)) as store:
        copy_store(store, copy)
        assert [entry.name for entry in copy.parent.iterdir()] == ["copy.gpkg"]
        record(store, [Change("works", remove=["works-1 号"])], actor="a", at=AT, origin="t")
        with pytest.raises(StoreExists):
            copy_store(store, copy)
        assert store.revision() == 2
    with open_store(str(copy)) as again:
        assert again.revision() == 1
        assert len(again.read("works")) == 3


def test_a_file_is_live_by_whatever_name_until_it_is_closed(tmp_path: Path) -> None:
    store = new_store(place(tmp_path))
    path = tmp_path / "区.gpkg"
    link = tmp_path / "link.gpkg"
    link.symlink_to(path)
    names = [path, link, f"{path}-wal", f"{path}-shm", os.path.relpath(path)]
    assert all(map(is_live, names))
    assert not is_live(tmp_path / "other.gpkg")
    second = open_store(str(link))
    store.close()
    assert is_live(path)
    second.close()
    assert not any(map(is_live, names))
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["link.gpkg", "区.gpkg"]


def test_network_drives_are_recognised() -> None:
    mounts = (
        "/dev/sda1 / ext4 rw 0 0\nserver:/x /srv nfs4 rw 0 0\n//s/d /mnt/my\\040share cifs rw 0 0\n"
        "me@h: /home/me/far fuse.sshfs rw 0 0\nhost /mnt/host 9p rw 0 0\ntmpfs /srv/local tmpfs rw 0 0\n"
    )
    expected = {
        "/data/s.gpkg": False,
        "/srv/s.gpkg": True,
        "/srv/local/s.gpkg": False,
        "/mnt/my share/s.gpkg": True,
        "/home/me/far/s.gpkg": True,
        "/home/me/farther.gpkg": False,
        "/mnt/host/s.gpkg": False,
    }
    assert {path: is_network(file_system_of(Path(path), mounts)) for path in expected} == expected


def test_sqlite_is_new_enough() -> None:
    assert tuple(driver().sqlite_version_info) >= OLDEST_SQLITE


def test_blobs_of_other_writers_are_understood() -> None:
    point = shapely.Point(1, 2)
    wkb = shapely.to_wkb(point, byte_order=1)
    plain = struct.pack("<2sBBi", b"GP", 0, 1, 4544) + wkb
    tall = struct.pack("<2sBBi6d", b"GP", 0, 5, 4544, 1, 1, 2, 2, 0, 0) + wkb
    big = struct.pack(">2sBBi4d", b"GP", 0, 2, 4544, 1, 3, 2, 4) + wkb
    assert blobs.unpack([plain, tall, big, None]) == [wkb, wkb, wkb, None]
    assert [blobs.side(place)(big) for place in range(4)] == [1, 3, 2, 4]
    assert blobs.side(0)(None) is None


def test_extents_follow_what_is_in_the_layer(tmp_path: Path) -> None:
    shapes = shapely.box(X + np.array([0, 100, 200]), Y, X + np.array([10, 110, 210]), Y + 10)
    frame = frame_of(LAYERS["communities"]).set_geometry(shapes, crs=4544)
    names = frame["id"].tolist()
    with new_store(place(tmp_path)) as store:
        assert extent(store) == (None,) * 4
        record(store, [Change("communities", add=frame)], actor="a", at=AT, origin="t")
        assert extent(store) == (X, Y, X + 210, Y + 10)
        move = frame.iloc[[1]][["id", "geometry"]].set_geometry(
            [shapely.box(X + 400, Y, X + 410, Y + 5)], crs=4544
        )
        record(store, [Change("communities", update=move)], actor="a", at=AT, origin="t")
        assert extent(store) == (X, Y, X + 410, Y + 10)
        record(store, [Change("communities", remove=names[:1])], actor="a", at=AT, origin="t")
        assert extent(store) == (X + 200, Y, X + 410, Y + 10)
        none = move.set_geometry([None], crs=4544)
        record(store, [Change("communities", update=none)], actor="a", at=AT, origin="t")
        assert extent(store) == (X + 200, Y, X + 210, Y + 10)
        record(store, [Change("communities", remove=names[1:])], actor="a", at=AT, origin="t")
        assert extent(store) == (None,) * 4


def extent(store: Store) -> tuple[object, ...]:
    with store.view() as view:
        query = "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = 'communities'"
        return tuple(view._rows(query)[0])


def test_a_name_that_was_taken_meanwhile_is_left_to_its_taker(tmp_path: Path) -> None:
    path = tmp_path / "s.gpkg"
    with pytest.raises(StoreExists), placing(path) as fresh:
        fresh.write_text("ours")
        path.write_text("theirs")
    assert path.read_text() == "theirs"
    assert [entry.name for entry in tmp_path.iterdir()] == ["s.gpkg"]


def test_where_files_cannot_be_linked_they_are_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, target: Path) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with create_store(place(tmp_path), district()) as store:
        assert store.revision() == 0
    with pytest.raises(StoreExists), placing(Path(place(tmp_path))) as fresh:
        fresh.write_text("another")
    with open_store(place(tmp_path)) as store:
        assert store.revision() == 0


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    with full_store(place(tmp_path)) as store:
        with pytest.raises(StoreUnsuitable) as caught, store.view() as view:
            view._rows("DELETE FROM works")  # type: ignore[attr-defined]
        assert caught.value.code == "store_read_only"
        with pytest.raises(StoreError) as failed, store.view() as view:
            view._rows("SELECT * FROM nothing")  # type: ignore[attr-defined]
        assert failed.value.code == "store_failed"


def test_an_old_sqlite_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "OLDEST_SQLITE", (99, 0, 0))
    driver.cache_clear()
    with pytest.raises(StoreUnsuitable) as caught:
        driver()
    assert (caught.value.code, caught.value.facts["needed"]) == ("sqlite_too_old", "99.0.0")
    monkeypatch.undo()
    assert driver()


def test_migrating_a_file_of_this_version_leaves_it_alone(tmp_path: Path) -> None:
    new_store(place(tmp_path)).close()
    before = Path(place(tmp_path)).read_bytes()
    migrate(place(tmp_path), district())
    assert Path(place(tmp_path)).read_bytes() == before
