"""``tongchou coordinate``: what the rules say about the store today, as a table, as JSON and as a file."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyogrio
import pytest

from api import cli
from geo.vocabulary import FindingKind, Verdict
from maps.wording import languages, wording

DATA = Path(__file__).parent.parent / "data"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture()
def run(store_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("TONGCHOU_STORE", str(store_path))

    def one(*arguments: str) -> tuple[int, str, str]:
        status = cli.run(["coordinate", *(str(argument) for argument in arguments)])
        out = capsys.readouterr()
        return status, out.out, out.err

    return one


def test_the_answer_as_json_is_whole(run: Run) -> None:
    status, out, _ = run("--json")
    assert status == 1
    answer = json.loads(out)
    assert set(answer["counts"]) == {str(kind) for kind in FindingKind}
    assert all(set(row) == {str(verdict) for verdict in Verdict} for row in answer["counts"].values())
    findings = answer["findings"]
    for verdict in ("fail", "unknown", "needs_review", "opportunity"):
        mine = [row for row in findings if row["verdict"] == verdict]
        assert len(mine) == sum(row[verdict] for row in answer["counts"].values())
    assert answer["unjudged_failing"] == sum(row["fail"] for row in answer["counts"].values()) > 0
    near = next(row for row in findings if row["kind"] == "horizontal_clearance" and row["required"] == 1.0)
    assert near["measured"] < 1.0
    assert near["unit"] == "m"
    assert near["clause"] == "4.1.9"
    assert near["provenance"] and near["reference"].startswith("GB 50")
    assert near["owner_a"] and near["owner_b"] and near["community"]
    longitude, latitude = near["worst"]
    assert 105.7 < longitude < 106.7 and 37.5 < latitude < 38.4
    assert len({row["id"] for row in findings}) == len(findings)


def test_the_same_store_gives_the_same_ids(run: Run) -> None:
    first, second = (json.loads(run("--json")[1])["findings"] for _ in range(2))
    assert first == second


def test_one_kind_and_one_town(run: Run) -> None:
    whole = json.loads(run("--json")[1])["counts"]
    status, out, _ = run("--kind", "cover", "--json")
    assert status == 1
    only = json.loads(out)
    assert {row["kind"] for row in only["findings"]} == {"cover"}
    assert only["counts"]["cover"] == whole["cover"]
    towns = [json.loads(run("--town", town, "--json")[1])["counts"] for town in ("金星镇", "640302107")]
    for kind, row in whole.items():
        assert all(sum(town[kind][verdict] for town in towns) == count for verdict, count in row.items()), (
            kind
        )


def test_zero_where_nothing_fails(run: Run) -> None:
    status, out, err = run("--kind", "opportunity")
    assert status == 0
    assert err == ""
    assert wording("zh")("coordination.kinds.opportunity") in out


@pytest.mark.parametrize("lang", languages())
def test_people_read_a_table_of_kinds_and_verdicts(run: Run, lang: str) -> None:
    words = wording(lang)
    status, out, err = run("--lang", lang)
    assert status == 1
    for kind in FindingKind:
        assert words(f"coordination.kinds.{kind}") in out
    assert "4.1.9" in out and "0.70 m" in out and "1.00 m" in out
    assert "…" not in out
    assert words("coordination.trust.official_copy") in out
    assert any(figure.isdigit() for figure in err.split()) or any(mark.isdigit() for mark in err)


def test_a_geopackage_holds_stretches_and_places(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "findings.gpkg"
    status, answer, _ = run("--out", str(out), "--json")
    assert status == 1
    findings = json.loads(answer)["findings"]
    layers = {str(name) for name, _ in pyogrio.list_layers(out)}
    assert {"stretches", "places"} <= layers
    rows = [pyogrio.read_dataframe(out, layer=name) for name in sorted(layers)]
    assert sum(len(one) for one in rows) == len(findings)
    stretches = pyogrio.read_dataframe(out, layer="stretches")
    assert stretches.geom_type.isin(["LineString", "MultiLineString"]).all()
    assert stretches.crs is not None and stretches.crs.to_epsg() == 4544
    clear = stretches[stretches["kind"] == "horizontal_clearance"]
    assert (clear.length - clear["length_m"]).abs().max() < 1e-3


def test_a_workbook_lists_every_finding(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "findings.xlsx"
    findings = json.loads(run("--out", str(out), "--json")[1])["findings"]
    sheet = openpyxl.load_workbook(out).worksheets[0]
    head = [cell.value for cell in sheet[1]]
    assert {"id", "kind", "verdict", "measured", "required", "clause", "worst_east_m"} <= set(head)
    assert sheet.max_row == len(findings) + 1


def test_wrong_use_is_told_in_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "there.gpkg").write_bytes(b"")
    for arguments in (
        ("--out", str(tmp_path / "findings.pdf")),
        ("--out", str(tmp_path / "there.gpkg")),
        ("--kind", "nothing"),
        ("--town", "nowhere"),
    ):
        status, out, err = run(*arguments)
        assert status == 2, arguments
        assert out == ""
        assert len(err.strip().splitlines()) == 1


def test_the_district_s_own_figures_count(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = json.loads(run("--kind", "cover", "--json")[1])["counts"]["cover"]["fail"]
    shutil.copytree(DATA, tmp_path / "data")
    place = tmp_path / "data" / "district.toml"
    text = place.read_text(encoding="utf-8")
    place.write_text(text.replace("frost_depth_m = 1.03", "frost_depth_m = 1.6"), encoding="utf-8")
    monkeypatch.setenv("TONGCHOU_DATA", str(tmp_path / "data"))
    after = json.loads(run("--kind", "cover", "--json")[1])["counts"]["cover"]["fail"]
    assert after > before
    place.write_text(text.replace("frost_depth_m = 1.03", "frost_depht_m = 1.6"), encoding="utf-8")
    status, _, err = run()
    assert status == 2
    assert "frost_depht_m" in err
