"""The map as HTML: no foreign host, names are data, one file needs no other, counts equal the standing."""

import json
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import folium
import geopandas as gpd
import jinja2
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.boundaries import read_boundaries
from geo.district import read_district
from geo.errors import BadInput
from geo.layers import COMMUNITIES, conform
from geo.programme.catalogue import read_catalogue
from geo.sample.district import build_sample
from maps import townmap
from maps.assets import LinkedAssets
from maps.atlas import Atlas
from maps.controls import Legend, Tools
from maps.layers import OfflineMap
from maps.townmap import render_file, render_page, render_parts
from maps.view import THEMES, build_view
from maps.wording import languages, wording

DATA = Path(__file__).parent.parent / "data"
DISTRICT = read_district(DATA / "district.toml")
CATALOGUE = read_catalogue(DATA / "works_catalogue.csv")
BOUNDARIES = read_boundaries(DATA / "boundaries", DISTRICT)
JINXING = DISTRICT.town_codes()[0]
ASSETS = LinkedAssets()
HOSTILE = (
    "<img src=x onerror=window.pwned=1>",
    "</script><script>window.pwned=2</script>",
    "`${window.pwned=3}`",
    "{{ 7*7 }}{% for x in y %}",
    "\"quotes' & ampersand\\",
    "--><!-- <style>",
)


class Page(HTMLParser):
    """Elements of a page with their attributes and the text right inside them."""

    def __init__(self, html):
        super().__init__()
        self.elements = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), []))

    def handle_data(self, data):
        if self.elements:
            self.elements[-1][2].append(data)

    def all(self, tag):
        return [attrs for name, attrs, _ in self.elements if name == tag]

    def texts(self, tag):
        return ["".join(data).strip() for name, _, data in self.elements if name == tag]

    def text(self, tag):
        return "\n".join(self.texts(tag))


def atlas_of(frames):
    return Atlas(
        frames, district=DISTRICT, catalogue=CATALOGUE, as_of=date(2026, 7, 15), revision=3, sample=True
    )


def payload_of(html):
    text = re.search(r'<script type="application/json" id="plate-payload">(.*?)</script>', html, re.DOTALL)[1]
    return json.loads(text)


def addresses(html):
    """Every address that a browser would follow by itself or on a press."""
    page = Page(html)
    for tag, attrs, data in page.elements:
        for name in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
            if attrs.get(name):
                yield tag, attrs[name]
        style = (attrs.get("style") or "") + ("".join(data) if tag == "style" else "")
        for found in re.findall(r"url\(\s*['\"]?([^)'\"]+)|@import\s+['\"]([^'\"]+)", style):
            yield "style", "".join(found)
        if attrs.get("type") == "importmap":
            yield from (("importmap", url) for url in json.loads("".join(data))["imports"].values())


def foreign(html):
    return [(tag, url) for tag, url in addresses(html) if re.match(r"(?:[a-z]+:)?//", url)]


@pytest.fixture(scope="module")
def sample():
    return atlas_of(build_sample(DISTRICT, CATALOGUE, BOUNDARIES))


@pytest.fixture(scope="module")
def hostile():
    x, y = np.array(BOUNDARIES.total_bounds).reshape(2, 2).mean(axis=0)
    rows = pd.DataFrame(
        {
            "id": [f"c{n}" for n in range(len(HOSTILE) + 1)],
            "name": [*HOSTILE, HOSTILE[1]],
            "town": JINXING,
            "stage": "survey",
            "delay_reason": [*HOSTILE, None],
        }
    )
    sites = [shapely.box(x + 90 * n, y, x + 90 * n + 50, y + 50) for n in range(len(HOSTILE))]
    frame = gpd.GeoDataFrame(rows, geometry=[*sites, None], crs=DISTRICT.crs)
    return atlas_of({"communities": conform(frame, COMMUNITIES, DISTRICT.crs), "boundaries": BOUNDARIES})


def page_of(atlas, **kwargs):
    view = build_view(atlas, **kwargs)
    return render_page(view, ASSETS, wording(view.lang), nonce="n0nce")


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("town", [None, JINXING])
def test_page_loads_nothing_from_another_host(sample, lang, town):
    html = page_of(sample, lang=lang, town=town)
    assert foreign(html) == []
    assert not re.search(r"https?://(?!www\.w3\.org)", html)


def test_page_says_its_language_title_and_width(sample):
    page = Page(page_of(sample, lang="en", town=JINXING, theme="lines"))
    assert page.all("html") == [{"lang": "en"}]
    assert page.text("title").strip() == "Jinxing: old communities, Lines"
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")
    assert Page(page_of(sample)).all("html") == [{"lang": "zh-CN"}]


def test_every_script_and_style_carries_the_nonce(sample):
    page = Page(page_of(sample))
    running = [attrs for attrs in page.all("script") if attrs.get("type") != "application/json"]
    assert len(running) >= 4
    assert {attrs.get("nonce") for attrs in running} == {"n0nce"}
    assert {attrs.get("nonce") for attrs in page.all("link") if attrs.get("rel") == "stylesheet"} == {"n0nce"}
    assert not [attrs for _, attrs, _ in page.elements if any(name.startswith("on") for name in attrs)]


def test_import_map_stands_before_the_first_module(sample):
    kinds = [attrs.get("type") for attrs in Page(page_of(sample)).all("script")]
    assert kinds.index("importmap") < kinds.index("module")


def test_page_draws_the_plate_and_every_control(sample):
    html = page_of(sample)
    assert "const plate = createPlate(map_plate, payload," in html
    for function in (
        "addTools",
        "addScale",
        "addNorth",
        "addPosition",
        "addLegend",
        "addSearch",
        "addFootline",
        "addTitle",
    ):
        assert (
            f'import {{ {function} }} from "tongchou/plate/controls.js";\n{function}(map_plate, plate);'
            in html
        )


def test_map_is_foliums_without_its_controls(sample):
    html = page_of(sample)
    assert issubclass(OfflineMap, folium.Map)
    assert '"zoomControl": false' in html
    assert '"preferCanvas": true' in html
    assert '"attributionControl": false' in html
    assert '"zoomSnap": 0.25' in html
    assert "bootstrap" not in html and "jquery" not in html


@pytest.mark.parametrize("theme", THEMES)
def test_payload_is_in_the_page(sample, theme):
    told = payload_of(page_of(sample, theme=theme))
    assert told["theme"] == theme
    assert told["layers"]["communities"]["count"] == 25


def test_hostile_names_stay_data(hostile):
    html = page_of(hostile)
    page = Page(html)
    columns = payload_of(html)["layers"]["communities"]["columns"]
    assert columns["name"][: len(HOSTILE)] == list(HOSTILE)
    assert page.all("img") == []
    running = zip(page.all("script"), page.texts("script"), strict=True)
    assert not [text for attrs, text in running if "json" not in attrs.get("type", "") and "pwned" in text]
    assert len(page.all("script")) == len(Page(page_of(atlas_of({}))).all("script"))
    listed = page.texts("th")
    assert [name for name in HOSTILE if name not in listed] == []


def test_hostile_names_stay_data_in_a_file(hostile):
    html = render_file(build_view(hostile, embed_limit=None), wording("zh"))
    assert Page(html).all("img") == []
    assert payload_of(html)["layers"]["communities"]["columns"]["name"][1] == HOSTILE[1]


def test_names_are_never_read_as_a_template(hostile):
    html = page_of(hostile)
    assert "49" not in Page(html).text("th")
    assert "{{ 7*7 }}" in html


def test_list_holds_every_community_with_its_figures(sample):
    page = Page(page_of(sample))
    cells = page.text("th") + page.text("td")
    for name in sample.standing["name"]:
        assert name in cells
    words = wording("zh")
    for days in sample.standing.loc[sample.standing["late_days"] > 0, "late_days"]:
        assert words("map.late", days=days) in cells


def test_waiting_communities_are_named(hostile):
    assert wording("zh")("map.not_on_map", count=1) in page_of(hostile)


def test_page_without_scripts_says_so(sample):
    html = page_of(sample)
    assert re.search(r"<noscript><p[^>]*>" + re.escape(wording("zh")("map.noscript")), html)


@pytest.mark.parametrize("town", [None, JINXING])
def test_counts_on_the_page_equal_the_standing(sample, town):
    summary = payload_of(page_of(sample, town=town))["summary"]
    standing = sample.standing if town is None else sample.standing[sample.standing["town"] == town]
    for stage, counts in summary["stages"].items():
        own = standing[standing["stage"] == stage]
        assert counts == {"communities": len(own), "households": int(own["households"].sum())}
    assert summary["late"]["communities"] == int((standing["late_days"] > 0).sum())


def test_parts_fit_into_another_page(sample):
    view = build_view(sample)
    parts = render_parts(
        view, ASSETS, wording("zh"), nonce="n1", controls=(Tools, Legend), options={"card": False}
    )
    assert "<html" not in parts.head + parts.body + parts.script
    assert parts.head.count('type="importmap"') == 1
    assert 'id="map_plate"' in parts.body and 'id="plate-payload"' in parts.body
    assert '"card": false' in parts.script
    assert "addLegend" in parts.script and "addTitle" not in parts.script
    assert jinja2.Template("{{ part }}", autoescape=True).render(part=parts.body) == parts.body


def test_page_inside_a_frame_has_no_title_and_no_list(sample):
    html = render_page(build_view(sample), ASSETS, wording("zh"), standalone=False)
    assert "addTitle" not in html and "plate-list-title" not in html
    assert "addTools" in html


def test_large_page_stays_small(sample):
    view = build_view(sample, embed_limit=5)
    html = render_page(view, ASSETS, wording("zh"))
    assert len(html.encode()) < 100_000
    assert payload_of(html)["layers"]["buildings"] == {"count": 82, "remote": True}


def test_list_of_very_many_is_a_list_of_towns(sample, monkeypatch):
    monkeypatch.setattr(townmap, "_ROWS_SHOWN", 5)
    atlas = atlas_of(sample.frames)
    page = Page(render_page(build_view(atlas), ASSETS, wording("zh")))
    cells = page.text("th")
    assert "金星镇" in cells and "朝阳家园" not in cells


def test_file_needs_no_other_file(sample):
    html = render_file(build_view(sample, embed_limit=None), wording("zh"))
    page = Page(html)
    assert page.all("link") == []
    assert [attrs for attrs in page.all("script") if "src" in attrs] == []
    assert all(url.startswith(("data:", "#")) for _, url in addresses(html))
    assert "remote" not in payload_of(html)
    assert payload_of(html)["layers"]["lines"]["count"] == len(sample.lines)


def test_file_of_a_view_with_remote_layers_is_refused(sample):
    with pytest.raises(ValueError, match="lines"):
        render_file(build_view(sample, embed_limit=100), wording("zh"))


def test_file_that_is_too_large_names_the_limit(sample, monkeypatch):
    monkeypatch.setattr(townmap, "EXPORT_LIMIT_BYTES", 1024 * 1024 // 4)
    with pytest.raises(BadInput) as caught:
        render_file(build_view(sample, embed_limit=None), wording("zh"))
    assert caught.value.code == "export_too_large"
    assert caught.value.facts["size_mb"] > 0.25
    assert "--town" in wording("en").error(caught.value)


def test_same_view_gives_the_same_bytes(sample):
    assert page_of(sample) == page_of(sample)


@pytest.mark.parametrize("lang", languages())
def test_empty_store_has_a_page(lang):
    html = page_of(atlas_of({}), lang=lang)
    assert wording(lang)("map.list_none") in html


def test_no_template_is_compiled_per_element(sample, monkeypatch):
    view = build_view(sample)
    render_page(view, ASSETS, wording("zh"))
    compiled = []
    original = jinja2.Environment.compile
    monkeypatch.setattr(
        jinja2.Environment,
        "compile",
        lambda *args, **kwargs: compiled.append(args) or original(*args, **kwargs),
    )
    render_page(view, ASSETS, wording("zh"))
    assert len(compiled) <= 1
