"""The whole application under watch: in its process only the store's own SQLite opens the live file."""

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest

from geo.store.opening import open_store
from tests.test_geo_store_locks import foreign_opens, watched_command

EVERY_ROUTE = """
import importlib, pkgutil, subprocess, sys, threading
from fastapi.testclient import TestClient
import api.routes
from api.access import COOKIE, CSRF_HEADER
from api.app import create_app
from api.settings import Settings
from api.wiring import open_services
from geo.vocabulary import Role

live, *commands = sys.argv[1:]
MORE = {
    "/api/view": ["?bbox=105,37,107,39&scale=2&stage=survey&layers=communities,buildings,lines,digs,nodes"],
    "/api/export": [f"?format={kind}&layer={layer}" for kind in ("xlsx", "gpkg", "geojson", "csv")
                    for layer in ("communities", "buildings", "lines", "digs")],
    "/": ["", "?theme=works", "?theme=lines", "?theme=coordination", "?theme=funding",
          "?theme=works&show=matrix"],
    "/map": ["", "?town=640302106&theme=lines&lang=en"],
    "/community/{community}": ["?tab=" + tab for tab in ("buildings", "works", "lines", "digs", "history")],
    "/api/search": ["?q=朝阳"],
    "/edit/{layer}/new": ["?part=facts"],
    "/edit/{layer}/{row:path}": ["?part=stage", "?part=facts"],
}


def every_path():
    for part in pkgutil.iter_modules(api.routes.__path__):
        router = getattr(importlib.import_module("api.routes." + part.name), "router", None)
        for route in router.routes if router else ():
            if "GET" not in route.methods or "{signed}" in route.path:
                continue
            for query in MORE.get(route.path, [""]):
                yield route.path, query


def ask_all(client, community, owner, photo):
    asked = 0
    for path, query in every_path():
        bare = path.replace("{path:path}", "css/app.css").replace(":path}", "}")
        row = photo if path.startswith("/files") else community
        place = bare.format(community=community, owner=owner, layer="communities", row=row) + query
        answer = client.get(place)
        assert answer.status_code == 200, (place, answer.text[:300])
        asked += 1
    return asked


services = open_services(Settings(store=live))
with TestClient(create_app(services)) as client:
    planner = services.accounts.people.add("administrator", Role.ADMINISTRATOR)
    client.cookies.set(COOKIE, services.accounts.sessions.start(planner.id))
    community = client.get("/api/communities").json()["rows"][0]["id"]
    owner = client.get("/api/owners").json()["rows"][0]["id"]
    client.headers[CSRF_HEADER] = services.accounts.sessions.find(client.cookies[COOKIE]).csrf
    photo = client.post(f"/api/files?name=a.pdf&community={community}", content=b"%PDF-1.4").json()["id"]
    seen = client.get(f"/api/rows/communities/{community}").headers["etag"]
    edited = client.patch(f"/api/rows/communities/{community}", json={"fields": {"note": "x"}},
                          headers={"if-match": seen})
    assert edited.status_code == 200, edited.text
    assert ask_all(client, community, owner, photo) > 30
    assert look() == []
    before = client.get("/readyz").json()["revision"]
    failed = []

    def outside():
        for command in commands:
            done = subprocess.run(command.split("\\t"), capture_output=True, text=True)
            if done.returncode:
                failed.append(done.stderr)

    worker = threading.Thread(target=outside)
    worker.start()
    while worker.is_alive():
        for place in ("/", "/map", "/api/status", f"/community/{community}", "/api/export?format=gpkg"):
            assert client.get(place).status_code == 200, place
    worker.join()
    assert not failed, failed
    # Here inotify has counted the other processes too; what this one opened has its own words.
    assert not [told for told in look() if " by " in told]
    assert client.get("/readyz").json()["revision"] == before + 1
    ask_all(client, community, owner, photo)
    assert look() == []
services.close()
"""

EVERY_COMMAND = """
import sys
from api.cli import run
for command in sys.argv[1:]:
    status = run(command.split("\\t"))
    assert status == 0, (command, status)
    assert look() == [], command
"""


@pytest.fixture
def outlines(tmp_path: Path, store_path: Path) -> Path:
    """A file of one more community, far from the others."""
    with open_store(str(store_path)) as store:
        known = store.read("communities")
    row = gpd.GeoDataFrame(known.iloc[:1], crs=known.crs).assign(
        id="another", name="又一小区", source_id="another"
    )
    row["geometry"] = row.geometry.translate(0, -900)
    path = tmp_path / "another.geojson"
    row[["id", "name", "town", "stage", "geometry"]].to_crs(4326).to_file(path)
    return path


def commands(outlines: Path, folder: Path, live: Path) -> dict[str, list[str]]:
    """Every command that opens a store, as arguments."""
    store = ["--store", str(live)]
    return {
        "dry-run": ["import", str(outlines), "--layer", "communities", "--dry-run", *store],
        "import": ["import", str(outlines), "--layer", "communities", *store],
        "export": ["export", "--layer", "lines", "--out", str(folder / "lines.gpkg"), *store],
        "map": ["map", "--out", str(folder / "map.html"), *store],
        "status": ["status", "--json", *store],
        "verify": ["verify", *store],
    }


def test_no_route_opens_the_live_file_while_other_processes_import_and_export(
    store_path: Path, outlines: Path, tmp_path: Path
) -> None:
    tongchou = str(Path(sys.executable).parent / "tongchou")
    known = commands(outlines, tmp_path, store_path)
    outside = ["\t".join([tongchou, *known[name]]) for name in ("import", "export")]
    command = watched_command(store_path, tmp_path / "report", EVERY_ROUTE, str(store_path), *outside)
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    with open_store(str(store_path)) as store:
        assert "又一小区" in set(store.read("communities")["name"])
    assert (tmp_path / "lines.gpkg").exists()


def test_no_command_opens_the_live_file(store_path: Path, outlines: Path, tmp_path: Path) -> None:
    known = ["\t".join(arguments) for arguments in commands(outlines, tmp_path, store_path).values()]
    assert foreign_opens(store_path, tmp_path / "report", EVERY_COMMAND, *known) == []


def test_an_export_into_the_live_file_is_refused_before_it_is_opened(
    store_path: Path, tmp_path: Path
) -> None:
    body = """
import sys
from api.cli import run
assert run(sys.argv[1:]) == 2
assert look() == []
"""
    for command in (["export", "--layer", "lines"], ["map"]):
        arguments = [*command, "--out", str(store_path), "--store", str(store_path)]
        assert foreign_opens(store_path, tmp_path / "report", body, *arguments) == []
