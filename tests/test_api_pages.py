"""The pages as a reader gets them: figures, links, languages, errors, headers."""

import re
from contextlib import ExitStack
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient

from api.wiring import Services, now
from geo.layers import LAYERS, conform
from geo.store.record import Change, record
from geo.vocabulary import Role
from tests.service_fixtures import signed_in

PAGE = {"accept": "text/html"}
THEMES = ("progress", "works", "lines", "coordination", "funding")


class Page(HTMLParser):
    """Text by element, links and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.stack and self.stack.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.stack:
            self.text[self.stack[-1]] = self.text.get(self.stack[-1], "") + " " + data

    def links(self) -> list[str]:
        return [str(a["href"]) for tag, a in self.tags if tag == "a" and a.get("href")]


def get(client: TestClient, url: str, status: int = 200) -> str:
    answer = client.get(url, headers=PAGE)
    assert answer.status_code == status, answer.text[:400]
    return answer.text


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<(script|style)[^>]*>.*?</\1>|<[^>]+>", " ", html, flags=re.S))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("theme", THEMES)
def test_every_theme_opens_in_both_languages(client: TestClient, theme: str, lang: str) -> None:
    html = get(client, f"/?theme={theme}&lang={lang}")
    assert f'lang="{"zh-CN" if lang == "zh" else "en"}"' in html
    assert re.search(r'<a href="[^"]*" data-look data-key="theme-' + theme + r'" aria-current="page"', html)
    if lang == "en":
        panel = html[html.index('id="panel"') : html.index('id="plate-box"')]
        rest = re.sub(r"示例[^<]*|新一中家属院|朝阳家园|[燃外招临][^<]*", "", words(panel))
        assert not re.search(r"[\u4e00-\u9fff]", rest), re.findall(r"[\u4e00-\u9fff]+", rest)


def test_the_panel_reconciles_to_the_plan(client: TestClient, services: Services) -> None:
    plan = services.district.plan
    text = words(get(client, "/"))
    for figure in (
        plan.communities,
        plan.buildings,
        f"{plan.households:,}",
        f"{plan.investment_fen / 1e6:,.2f}",
    ):
        assert f" {figure} " in text
    assert "27.61" in text and "与方案一致" in text
    assert "差 0.00" in words(get(client, "/?theme=funding"))


def test_the_stage_list_filters_and_counts(client: TestClient) -> None:
    html = get(client, "/")
    counts = re.findall(r'data-key="stage-(\w+)".*?legend-count">(\d+)<', html, re.S)
    assert sum(int(count) for stage, count in counts if stage != "late") == 25
    count = dict(counts)["renovation"]
    filtered = get(client, "/?stage=renovation")
    assert f"筛出 {count} 个小区" in filtered
    assert 'data-key="stage-renovation" aria-pressed="true"' in filtered
    assert re.findall(r'data-key="stage-(\w+)".*?legend-count">(\d+)<', filtered, re.S)[:6] == counts[:6]


def test_links_of_the_panel_lead_somewhere(client: TestClient) -> None:
    seen = set()
    for url in ("/", "/?theme=lines", "/?theme=coordination", "/table?sort=-late_days", "/?theme=works"):
        seen |= {link.split("#")[0] for link in Page(get(client, url)).links()}
    for link in sorted(seen - {""}):
        assert client.get(link, headers=PAGE).status_code == 200, link


def test_filters_stand_in_every_link_of_the_panel(client: TestClient) -> None:
    html = get(client, "/?theme=works&stage=renovation&late=1&lang=en")
    themes = [link for link in Page(html).links() if "theme=lines" in link]
    assert themes and all("stage=renovation" in link and "late=1" in link for link in themes)


@pytest.mark.parametrize(
    ("url", "part"),
    [("/?town=640302999", "640302999"), ("/?stage=nowhere", "nowhere"), ("/?theme=x", "x"),
     ("/?month=2026-13", "2026-13"),
     ("/?colour=red", "colour"), ("/?owner=nobody", "nobody"), ("/?work=gold", "gold"), ("/?kind=ZZ", "ZZ"),
     ("/table?sort=gold", "gold"), ("/?late=maybe", "maybe"), ("/?lang=fr", "fr"),
     ("/?stage=survey&stage=selection", "stage"),
     ("/map?town=640302999", "640302999"), ("/map?theme=x", "x"), ("/community/com-01?tab=gold", "tab")],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(client: TestClient, url: str, part: str) -> None:
    html = get(client, url, 422)
    assert part in html and "回到地图" in html
    problem = client.get(
        url.replace("/?", "/api/status?").replace("/table?", "/api/status?"),
        headers={"accept": "application/json"},
    )
    assert problem.status_code in (422, 200 if "sort" in url else 422)


def test_what_is_not_there_is_a_page_that_says_so(client: TestClient) -> None:
    for url in ("/community/none", "/owner/none", "/nowhere"):
        html = get(client, url, 404)
        assert "<h1>" in html and 'href="/"' in html
    assert "no such community" in get(client, "/community/none?lang=en", 404).lower()


def test_a_part_is_the_page_without_its_map(client: TestClient) -> None:
    whole = get(client, "/?theme=lines")
    part = client.get("/?theme=lines", headers={**PAGE, "x-part": "1"})
    assert 'id="panel"' in part.text and "plate-payload" not in part.text and "plate-payload" in whole
    assert "X-Part" in part.headers["vary"]
    panel = re.search(r'<aside class="panel".*?</aside>', whole, re.S)
    assert panel and panel.group() in part.text


def test_the_community_page_has_its_tables_and_history(client: TestClient) -> None:
    for tab, text in (
        ("buildings", "1号楼"),
        ("works", "屋面"),
        ("lines", "JS"),
        ("digs", "开挖"),
        ("history", "新增"),
    ):
        html = get(client, f"/community/com-01?tab={tab}")
        assert text in html
        counted = re.search(r'aria-current="page">[^<]*<span class="count">\d+', html)
        assert bool(counted) == (tab != "history")
    counts = re.findall(r'class="count">(\d+)<', html)
    own = client.get("/api/community/com-01").json()
    assert [int(count) for count in counts[:4]] == [
        len(own[name]) for name in ("buildings", "works", "lines", "digs")
    ]


def test_the_history_says_what_changed(own_client: TestClient, own_services: Services) -> None:
    community = own_services.store.read("communities", ["com-01"])
    changed = community[["id"]].assign(delay_reason="等材料 <b>")
    record(own_services.store, [Change("communities", update=changed)], actor="li", at=now(), origin="test")
    html = get(own_client, "/community/com-01?tab=history")
    assert "滞后原因：" in html and "等材料 &lt;b&gt;" in html and "<strong>li</strong>" in html


def test_the_owner_page_sums_its_lines(client: TestClient) -> None:
    owner = client.get("/api/owners").json()["rows"][0]
    own = client.get(f"/api/owner/{owner['id']}").json()
    existing = sum(line["length_m"] for line in own["lines"] if line["state"] != "planned")
    html = get(client, f"/owner/{owner['id']}")
    assert f"{existing / 1000:,.2f}" in html
    assert len(re.findall(r"<li data-select=\"digs\"", html)) == len(own["digs"])


def test_the_matrix_counts_done_and_in_scope(client: TestClient, services: Services) -> None:
    html = get(client, "/?theme=works&show=matrix")
    cells = services.atlas().work_cells
    assert len(re.findall(r'<svg class="cell [^"]*"[^>]*role="img"', html)) == len(cells)
    feet = re.findall(r"<td>(\d+)/(\d+)</td>", html)
    assert len(feet) == 22
    assert sum(int(scope) for _, scope in feet) == len(cells)
    assert sum(int(done) for done, _ in feet) == int(cells["done"].sum())


def test_the_table_sorts_on_the_server_and_says_so(client: TestClient) -> None:
    html = get(client, "/table?sort=-households")
    assert html.count('aria-sort="descending"') == 1
    table = html[html.index('<table class="sheet"') :]
    names = re.findall(r"<tr data-id=\"([^\"]+)\"", table)
    rows = {row["id"]: row["households"] for row in client.get("/api/communities").json()["rows"]}
    values = [rows[name] for name in names]
    assert values == sorted(values, reverse=True) and len(values) == 25
    assert "图上 25 处，表中 25 行" in html
    stages = re.findall(
        r'<i class="dot fill-(\w+)" aria-hidden="true"></i>[^<]+</td>', get(client, "/table?sort=stage")
    )
    order = ["survey", "selection", "preparation", "renovation", "acceptance", "long_term"]
    assert stages == sorted(stages, key=order.index)


def test_an_empty_filter_says_what_to_do(client: TestClient) -> None:
    html = get(client, "/?q=zzzz")
    assert "没有小区符合这些筛选" in html and "全部显示" in html
    assert "没有管线符合这些筛选" in get(client, "/?theme=lines&kind=GY")


def test_a_store_without_communities_says_how_to_begin(tmp_path) -> None:
    from api.app import create_app
    from api.commands.stores import make_store
    from api.settings import Settings
    from api.wiring import open_services

    settings = Settings(store=str(tmp_path / "empty.gpkg"))
    assert make_store(settings, sample=False, if_missing=False, as_json=True) == 0
    services = open_services(settings)
    with ExitStack() as opened:
        client = signed_in(create_app(services), opened, Role.PLANNER)
        for theme in THEMES:
            assert "tongchou import" in get(client, f"/?theme={theme}&lang=en")
        assert client.get("/table").status_code == client.get("/map").status_code == 200
        assert client.get("/?theme=works&show=matrix").status_code == 200
        assert client.get("/api/export").status_code == 200
    services.close()


def test_a_community_by_ledger_waits_for_its_outline(own_client: TestClient, own_services: Services) -> None:
    layer = LAYERS["communities"]
    town = own_services.district.town_codes()[0]
    import pandas as pd

    row = pd.DataFrame(
        [{"id": "waiting", "name": "未上图小区", "town": town, "stage": "survey", "households": 5}]
    )
    frame = conform(row, layer, own_services.district.crs)
    record(own_services.store, [Change("communities", add=frame)], actor="t", at=now(), origin="test")
    html = get(own_client, "/")
    assert "未上图的小区 1 个" in html and "26 个小区" in html
    assert "图上 25 处，表中 26 行" in get(own_client, "/table")
    assert "tongchou import" in get(own_client, "/community/waiting")


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "`${alert(1)}`",
    "{{ 7*7 }}",
    "=1+1",
)


def test_a_hostile_name_is_text_everywhere(own_client: TestClient, own_services: Services) -> None:
    for number, name in enumerate(HOSTILE, start=1):
        row = own_services.store.read("communities", [f"com-{number:02d}"])[["id"]].assign(
            name=name, delay_reason=name
        )
        record(own_services.store, [Change("communities", update=row)], actor="t", at=now(), origin="test")
    for url in (
        "/",
        "/table",
        "/?theme=works&show=matrix",
        "/map",
        "/community/com-01",
        "/community/com-02?tab=history",
    ):
        html = get(own_client, url)
        assert "<img src=x" not in html and "<script>alert(1)" not in html and ">49<" not in html, url
    assert any(HOSTILE[0] == row["name"] for row in own_client.get("/api/communities").json()["rows"])


def test_pages_forbid_what_is_not_theirs(client: TestClient) -> None:
    for url in ("/", "/map", "/table", "/community/com-01", "/?theme=works&show=matrix"):
        answer = client.get(url, headers=PAGE)
        policy = answer.headers["content-security-policy"]
        nonce = re.search(r"'nonce-([^']+)'", policy)
        assert nonce and "default-src 'none'" in policy and "frame-ancestors 'self'" in policy
        assert "unsafe-inline" not in policy and "http" not in policy
        for tag in re.findall(r"<script(?![^>]*application/json)[^>]*>", answer.text):
            assert "nonce=" in tag or "src=" in tag, tag
        assert not re.search(
            r"<[^>]+ (?:style|on\w+)=", re.sub(r"<script.*?</script>", "", answer.text, flags=re.S)
        )
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get("/healthz").headers["content-security-policy"].startswith("default-src 'none'")
    first, second = (client.get("/").headers["content-security-policy"] for _ in range(2))
    assert first != second


def test_no_page_names_another_host(client: TestClient) -> None:
    for url in ("/", "/?theme=lines&lang=en", "/map", "/community/com-01", "/nowhere"):
        html = client.get(url, headers=PAGE).text
        hosts = set(re.findall(r"(?:src|href|action)=[\"'](?:https?:)?//([^/\"']+)", html))
        assert not hosts
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404


def test_the_map_page_is_kept_by_its_mark(client: TestClient) -> None:
    first = client.get("/map?lang=en")
    again = client.get("/map?lang=en", headers={"if-none-match": first.headers["etag"]})
    assert first.status_code == 200 and again.status_code == 304 and not again.content
    assert "content-security-policy" not in again.headers
    assert client.get("/map?lang=zh").headers["etag"] != first.headers["etag"]


def test_static_files_are_kept_for_ever_by_their_mark(client: TestClient) -> None:
    url = re.search(r'href="(/static/css/app\.css\?v=[0-9a-f]+)"', get(client, "/"))
    assert url and "immutable" in client.get(url[1]).headers["cache-control"]
    assert client.get("/static/css/app.css").headers["cache-control"] == "no-cache"
    assert "--ink:" in client.get("/static/css/tokens.css").text
    for path in ("/static/../wording.py", "/static/%2e%2e/wording.py", "/static/nothing.css", "/static/css"):
        assert client.get(path).status_code == 404


def test_a_new_revision_is_seen_at_once(own_client: TestClient, own_services: Services) -> None:
    before = own_client.get("/readyz").json()["revision"]
    etag = own_client.get("/map").headers["etag"]
    row = own_services.store.read("communities", ["com-01"])[["id"]].assign(name="改名小区")
    record(own_services.store, [Change("communities", update=row)], actor="t", at=now(), origin="test")
    assert own_client.get("/readyz").json()["revision"] == before + 1
    assert "改名小区" in get(own_client, "/table")
    changed = own_client.get("/map")
    assert changed.headers["etag"] != etag and "改名小区" in changed.text
