"""JSON and hand-outs: the same rows and figures as the panel, the table and the map."""

import io
from pathlib import Path

import openpyxl
import pyogrio
import pytest
from fastapi.testclient import TestClient

from api.pagecache import PageCache
from api.reports import exact
from api.wiring import Services, now
from geo.store.record import Change, record

FILTERS = (
    "",
    "town=640302106",
    "stage=renovation,acceptance",
    "late=1",
    "work=roof",
    "q=示例",
    "town=640302107&stage=renovation&work=gas",
)
LINE_FILTERS = (
    "",
    "kind=JS",
    "kind=FQ",
    "state=planned",
    "town=640302106&state=existing",
    "month=2026-08",
    "owner=own-water&kind=JS",
)


def test_status_equals_the_plan(client: TestClient, services: Services) -> None:
    total = client.get("/api/status").json()["total"]
    plan = services.district.plan
    assert total["communities"] == plan.communities == 25
    assert total["buildings"] == plan.buildings == 82
    assert total["households"] == plan.households == 3247
    assert total["floor_area_m2"] == 276100 and isinstance(total["floor_area_m2"], int)
    assert total["investment_yuan"] == 82945200


@pytest.mark.parametrize("query", FILTERS)
def test_table_status_and_exports_agree(client: TestClient, query: str) -> None:
    status = client.get(f"/api/status?{query}").json()
    rows = client.get(f"/api/communities?{query}").json()
    total = status["total"]
    assert rows["count"] == total["communities"] == sum(town["communities"] for town in status["towns"])
    assert sum(stage["communities"] for stage in status["stages"]) == rows["count"]
    for name in ("buildings", "households", "floor_area_m2", "investment_yuan"):
        assert round(sum(row[name] or 0 for row in rows["rows"]), 2) == total[name]
    names = {row["name"] for row in rows["rows"]}
    assert workbook_names(client, f"/api/export?layer=communities&{query}") == names
    table = client.get(f"/table?{query}").text
    assert table.count("<tr data-id=") == rows["count"]


def workbook_names(client: TestClient, url: str) -> set[str]:
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(url).content)).active
    names = set()
    for value in (row[0].value for row in sheet.iter_rows(min_row=2)):
        if value is None or str(value).startswith("合计"):
            break
        names.add(value)
    return names


@pytest.mark.parametrize("query", LINE_FILTERS)
def test_lines_agree_with_their_export(client: TestClient, query: str, tmp_path: Path) -> None:
    rows = client.get(f"/api/lines?limit=10000&{query}").json()
    assert rows["count"] == len(rows["rows"])
    answer = client.get(f"/api/export?layer=lines&format=gpkg&{query}")
    path = tmp_path / "lines.gpkg"
    path.write_bytes(answer.content)
    if rows["count"]:
        assert set(pyogrio.read_dataframe(path)["id"]) == {row["id"] for row in rows["rows"]}
    html = client.get(f"/?theme=lines&{query}").text
    assert (
        f" {rows['count']:,} 条管线" in html.replace("筛出 ", "筛出 ") or f"{rows['count']:,} 条管线" in html
    )


def test_kinds_on_the_map_are_kinds_in_the_panel(client: TestClient, services: Services) -> None:
    """A line on its way out wears its own style, whatever it carries."""
    styles = services.atlas().lines["style"].value_counts()
    for style, count in styles.items():
        assert client.get(f"/api/lines?limit=1&kind={style}").json()["count"] == count


def test_the_workbook_has_numbers_totals_and_no_formula(
    own_client: TestClient, own_services: Services
) -> None:
    row = own_services.store.read("communities", ["com-01"])[["id"]].assign(
        name="=HYPERLINK(1)", delay_reason="@x"
    )
    record(own_services.store, [Change("communities", update=row)], actor="t", at=now(), origin="test")
    for lang, head in (("zh", "名称"), ("en", "Name")):
        answer = own_client.get(f"/api/export?lang={lang}&sort=-households")
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        cells = [list(line) for line in sheet.iter_rows(min_row=1, max_row=27)]
        assert cells[0][0].value == head
        hostile = next(line[0] for line in cells if line[0].value == "=HYPERLINK(1)")
        assert hostile.data_type == "s"
        column = next(
            place for place, cell in enumerate(cells[0]) if str(cell.value).startswith(("户", "Households"))
        )
        values = [line[column].value for line in cells[1:26]]
        assert all(isinstance(value, int) for value in values) and values == sorted(values, reverse=True)
        assert cells[26][column].value == sum(values) == 3247
        assert all(cell.data_type != "f" for line in cells for cell in line)
        assert "filename*=UTF-8''" in answer.headers["content-disposition"]


def test_exports_are_written_elsewhere_and_removed(client: TestClient, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for kind, start in (("gpkg", b"SQLite"), ("geojson", b"{"), ("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")):
        answer = client.get(f"/api/export?format={kind}&layer=buildings&town=640302106")
        assert answer.status_code == 200 and answer.content.startswith(start)
    assert not list(tmp_path.iterdir())


def test_what_is_in_view_is_what_passes(client: TestClient) -> None:
    answer = client.get(
        "/api/view?bbox=106.1,37.9,106.3,38.1&scale=0.2&layers=communities,digs&stage=survey"
    ).json()
    assert answer["layers"]["communities"]["count"] == 1
    for wrong in (
        "bbox=1,2,3&scale=1&layers=lines",
        "bbox=1,2,3,4&scale=-1&layers=lines",
        "bbox=1,2,3,4&scale=1&layers=gold",
    ):
        problem = client.get(f"/api/view?{wrong}")
        assert problem.status_code == 422 and problem.headers["content-type"] == "application/problem+json"
        assert {"code", "title", "facts", "status"} <= problem.json().keys()
    assert client.get("/api/view").json()["facts"]["faults"]


def test_problems_speak_the_readers_language(client: TestClient) -> None:
    zh = client.get("/api/community/none").json()
    en = client.get("/api/community/none?lang=en").json()
    assert zh["code"] == en["code"] == "no_such_community" and zh["title"] != en["title"]
    assert client.get("/api/lines?limit=0").status_code == 422


def test_search_finds_by_name_number_and_owner(client: TestClient) -> None:
    found = client.get("/api/search?q=朝阳").json()["found"]
    assert [one["name"] for one in found] == ["朝阳家园"]
    assert client.get(found[0]["url"]).status_code == 200
    digs = client.get("/api/digs").json()["rows"]
    number = digs[0]["number"]
    assert any(one["layer"] == "digs" for one in client.get(f"/api/search?q={number}").json()["found"])
    assert client.get("/api/search?q=").json()["found"] == []


def test_health(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz").json()
    assert ready["sample"] is True and ready["as_of"] == "2026-07-15"


@pytest.mark.parametrize(
    ("cents", "shown"), [(27610000, 276100), (12345, 123.45), (0, 0), (-50, -0.5), (1, 0.01)]
)
def test_hundredths_are_exact(cents: int, shown: float) -> None:
    assert exact(cents) == shown and type(exact(cents)) is type(shown)


def test_pages_leave_the_cache_when_it_is_full() -> None:
    cache, made = PageCache(10), []

    def make(text: str):
        def maker() -> bytes:
            made.append(text)
            return text.encode()

        return maker

    cache.get("a", make("aaaa"))
    cache.get("b", make("bbbb"))
    cache.get("a", make("never"))
    cache.get("c", make("cccc"))
    assert made == ["aaaa", "bbbb", "cccc"] and len(cache) == 2
    assert cache.get("a", make("never")) == b"aaaa"
    assert cache.get("big", make("x" * 99)) == b"x" * 99 and len(cache) == 0
