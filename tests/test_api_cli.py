"""The command line as people and scripts use it."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyogrio
import pytest

from api import cli
from geo.store import sqlite
from geo.store.opening import open_store, shown

COMMANDS = (
    *("init", "import", "export", "status", "reconcile", "map", "serve", "verify"),
    *("backup", "restore", "migrate", "store"),
)


@pytest.fixture()
def run(store_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run one command in this process over a store of its own: status, stdout, stderr."""
    monkeypatch.setenv("TONGCHOU_STORE", str(store_path))

    def one(*arguments: str) -> tuple[int, str, str]:
        status = cli.run([str(argument) for argument in arguments])
        out = capsys.readouterr()
        return status, out.out, out.err

    return one


def revision(path: Path) -> int:
    with open_store(str(path)) as store:
        return store.revision()


def tongchou(*arguments: str, store: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from api.cli import main; main()", *arguments]
    environment = {**os.environ, "TONGCHOU_STORE": str(store), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)


def test_status_of_the_sample_in_another_process(store_path: Path) -> None:
    done = tongchou("status", "--json", store=store_path)
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout)
    plan = {
        "communities": 25,
        "buildings": 82,
        "floor_area_m2": 276100,
        "households": 3247,
        "investment_yuan": 82945200,
    }
    assert {name: status["total"][name] for name in plan} == plan
    assert [town["code"] for town in status["towns"]] == ["640302106", "640302107"]
    for name in ("communities", "buildings", "floor_area_m2", "households", "investment_yuan"):
        assert round(sum(town[name] for town in status["towns"]), 2) == status["total"][name]
    assert (status["as_of"], status["revision"], status["sample"]) == ("2026-07-15", 1, True)


def test_status_for_people(run) -> None:
    for lang, total in (("zh", "合计"), ("en", "Total")):
        status, out, err = run("status", "--lang", lang)
        assert status == 0 and not err and total in out and "3,247" in out
    by_name = json.loads(run("status", "--town", "金星镇", "--json")[1])
    by_code = json.loads(run("status", "--town", "640302106", "--json")[1])
    assert by_name == by_code and len(by_name["towns"]) == 1
    assert by_name["total"]["communities"] == by_name["towns"][0]["communities"]


def test_wrong_use_is_one_line_and_two(run) -> None:
    for arguments in (
        ("status", "--town", "金兴镇"),
        ("status", "--nonsense"),
        ("nonsense",),
        ("map",),
        ("export", "--layer", "gold", "--out", "x.gpkg"),
    ):
        status, out, err = run(*arguments)
        assert status == 2 and not out and len(err.strip().splitlines()) == 1, (arguments, err)
    assert "金兴镇" in run("status", "--town", "金兴镇")[2]
    problem = json.loads(run("status", "--town", "x", "--json", "--lang", "en")[2])
    assert problem["code"] == "unknown_town" and "x" in problem["title"]


def test_a_missing_store_is_one_line(tmp_path: Path) -> None:
    done = tongchou("status", "--lang", "en", store=tmp_path / "none.gpkg")
    assert (
        done.returncode == 2 and "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) == 1
    )


def test_help_speaks_both_languages(run) -> None:
    for lang, word in (("zh", "核对"), ("en", "Compare")):
        status, out, _ = run("reconcile", "--help", "--lang", lang)
        assert status == 0 and word in out
    for command in COMMANDS:
        assert run(command, "--help")[0] == 0
    assert run()[0] == 2


def test_reconcile_says_no_when_a_figure_is_off(run, store_path: Path) -> None:
    status, out, _ = run("reconcile")
    assert status == 0 and "差 0.00" in out
    from api.wiring import now
    from geo.store.record import Change, record

    with open_store(str(store_path)) as store:
        row = store.read("buildings")[["id", "households"]].head(1)
        row["households"] = row["households"] + 1
        record(store, [Change("buildings", update=row)], actor="t", at=now(), origin="test")
    status, out, _ = run("reconcile", "--json")
    found = {row["figure"]: row for row in json.loads(out)["figures"]}
    assert status == 1 and found["households"] == {
        "figure": "households",
        "plan": 3247,
        "found": 3248,
        "difference": 1,
    }
    assert run("reconcile")[2].strip()


def test_init_leaves_a_store_alone(run, store_path: Path, tmp_path: Path) -> None:
    status, _, err = run("init", "--sample")
    assert status == 2 and len(err.strip().splitlines()) == 1
    assert run("init", "--sample", "--if-missing")[0] == 0
    fresh = tmp_path / "new" / "empty.gpkg"
    status, out, _ = run("init", "--store", f"gpkg:{fresh}", "--json")
    assert status == 0 and json.loads(out)["made"] and fresh.exists()
    assert json.loads(run("status", "--store", str(fresh), "--json")[1])["total"]["communities"] == 0
    assert run("reconcile", "--store", str(fresh))[0] == 1


def ledger(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.active.append(
        ["小区名称", "所属乡镇", "建成年代", "楼栋数", "户数", "建筑面积（㎡）", "总投资（万元）"]
    )
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_import_of_a_ledger(run, store_path: Path, tmp_path: Path) -> None:
    path = ledger(
        tmp_path / "台账.xlsx",
        [["和平里", "金星镇", 1995, 3, 120, 9800.5, 120.25], ["合计", None, None, 3, 120, 9800.5, 120.25]],
    )
    status, out, err = run("import", path, "--layer", "communities", "--dry-run")
    assert status == 0 and "什么都没有存" in out and revision(store_path) == 1, err
    status, out, err = run("import", path, "--layer", "communities", "--json")
    report = json.loads(out)
    assert status == 0 and report["stored"] and report["accepted"] == 1, err
    assert revision(store_path) == 2
    assert json.loads(run("status", "--json")[1])["total"]["communities"] == 26


def test_a_refused_row_changes_nothing_unless_told(run, store_path: Path, tmp_path: Path) -> None:
    path = ledger(
        tmp_path / "坏.xlsx",
        [["和平里", "金星镇", 1995, 3, 120, 9800, 120], ["解放里", "金兴镇", 1996, 2, 60, 5000, 80]],
    )
    status, out, err = run("import", path, "--layer", "communities")
    assert status == 2 and revision(store_path) == 1
    assert "3" in out and "金兴镇" in out + err and len(err.strip().splitlines()) == 1
    report = json.loads(run("import", path, "--layer", "communities", "--dry-run", "--json")[1])
    assert report["refused"] == 1 and any(note["row"] == 3 for note in report["notes"])
    status, out, _ = run("import", path, "--layer", "communities", "--accept-partial")
    assert status == 0 and revision(store_path) == 2
    names = open_names(store_path)
    assert "和平里" in names and "解放里" not in names


def open_names(path: Path) -> set[str]:
    with open_store(str(path)) as store:
        return set(store.read("communities")["name"])


def test_export_is_read_by_gdal(run, store_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "buildings.gpkg"
    status, _, err = run("export", "--layer", "buildings", "--out", out)
    assert status == 0 and len(pyogrio.read_dataframe(out)) == 82, err
    assert run("export", "--layer", "buildings", "--out", store_path)[0] == 2
    assert run("verify")[0] == 0
    town = tmp_path / "town.geojson"
    assert run("export", "--layer", "lines", "--out", town, "--town", "胜利镇")[0] == 0
    assert 0 < len(pyogrio.read_dataframe(town)) < 3000


def test_the_map_is_one_file(run, tmp_path: Path) -> None:
    out = tmp_path / "map.html"
    status, said, err = run(
        "map", "--out", out, "--town", "胜利镇", "--theme", "lines", "--lang", "en", "--json"
    )
    assert status == 0 and json.loads(said)["bytes"] == out.stat().st_size, err
    text = out.read_text(encoding="utf-8")
    assert 'src="/' not in text and '<html lang="en"' in text
    assert run("map", "--out", tmp_path / "none" / "map.html")[0] == 2
    assert run("map", "--out", out, "--theme", "gold")[0] == 2


def test_verify_finds_a_row_that_was_changed_past_the_record(run, store_path: Path) -> None:
    status, out, _ = run("verify", "--json")
    assert status == 0 and json.loads(out) == {"ok": True, "revision": 1, "problems": []}
    connection = sqlite.connect(store_path, busy_timeout_s=5, writes=True)
    connection.execute("UPDATE communities SET households = households + 1 WHERE fid = 1")
    connection.close()
    status, out, _ = run("verify", "--json")
    assert status == 1
    assert [(row["code"], row["layer"]) for row in json.loads(out)["problems"]] == [
        ("row_differs", "communities")
    ]
    status, _, err = run("verify")
    assert status == 1 and "communities" in err


def test_a_backup_is_restored_where_there_is_nothing(
    run, store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, fresh = tmp_path / "copy.gpkg", tmp_path / "fresh.gpkg"
    assert run("backup", "--out", copy)[0] == 0
    assert run("backup", "--out", copy)[0] == 2, "nothing is overwritten"
    assert run("restore", copy)[0] == 2, "there is a store already"
    status, out, err = run("restore", copy, "--store", fresh, "--json")
    assert status == 0 and json.loads(out)["revision"] == revision(store_path), err
    assert run("verify", "--store", fresh)[0] == 0
    assert run("migrate", "--store", fresh)[0] == 0
    before, after = (run("status", "--json", "--store", path)[1] for path in (store_path, fresh))
    assert json.loads(before) == json.loads(after)


def test_a_store_is_copied_with_its_history_to_either_kind(
    run, store_path: Path, tmp_path: Path, places: Callable[[str], str]
) -> None:
    chain = history(str(store_path))
    for target in (str(tmp_path / "copy.gpkg"), places("postgis")):
        status, out, err = run("store", "copy", store_path, target, "--json")
        told = json.loads(out)
        assert status == 0 and told["file"] == shown(target), err
        assert (told["seq"], told["hash"]) == (len(chain), chain[-1])
        assert history(target) == chain
        assert run("verify", "--store", target)[0] == 0
        again, out, err = run("store", "copy", store_path, target, "--lang", "en")
        assert (again, out) == (2, "") and len(err.splitlines()) == 1
    status, out, _ = run("store", "copy", places("postgis"), tmp_path / "none.gpkg", "--json")
    assert status == 2 and not out and not (tmp_path / "none.gpkg").exists()
    assert run("store", "copy", tmp_path / "copy.gpkg")[0] == 2, "where to is not said"
    status, _, err = run("store", "copy", tmp_path / "nothing.gpkg", tmp_path / "none.gpkg", "--json")
    assert status == 2 and json.loads(err)["code"] == "store_missing"
    status, out, _ = run("store", "--help")
    assert status == 0 and "copy" in out
    assert all(name in run("store", "copy", "--help")[1] for name in ("FROM", "TO", "--json"))


def history(location: str) -> list[str]:
    with open_store(location) as store, store.view() as view:
        return [event.hash for event in view.chain()]


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def test_serve_answers_and_refuses_a_taken_port(store_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", "from api.cli import main; main()", "serve", "--port", str(port)]
    environment = {
        **os.environ,
        "TONGCHOU_STORE": str(store_path),
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
    }
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    try:
        assert answer(f"http://127.0.0.1:{port}/healthz") == {"status": "ok"}
        assert process.stdout and f"http://127.0.0.1:{port}/" in process.stdout.readline()
        taken = tongchou("serve", "--port", str(port), "--lang", "en", store=store_path)
        assert (
            taken.returncode == 2
            and str(port) in taken.stderr
            and len(taken.stderr.strip().splitlines()) == 1
        )
        imported = tongchou(
            "import",
            str(ledger(store_path.parent / "l.xlsx", [["新里", "胜利镇", 1990, 1, 10, 900, 10]])),
            "--layer",
            "communities",
            store=store_path,
        )
        assert imported.returncode == 0, imported.stderr
        assert answer(f"http://127.0.0.1:{port}/api/status")["total"]["communities"] == 26
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


def answer(url: str) -> dict[str, object]:
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=20) as reply:
                return json.load(reply)
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer")
