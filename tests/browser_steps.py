"""What the tests do on a page and ask of it: every step waits for its condition, none for a time."""

import json
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
from playwright.sync_api import Page, expect

from tests.browser_fixtures import Service, Watched

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
FINGER_PX = 44

AT_REST = """() => {
  const { map, plate } = window.tongchou ?? {};
  return document.readyState === 'complete' && plate?.drawn?.communities !== undefined
    && document.fonts.status === 'loaded' && !map._animatingZoom && !map._panAnim?._inProgress
    && !document.body.classList.contains('is-busy') && !document.querySelector('.plate-busy:not([hidden])');
}"""
LOOK_AT = """([lat, lon, zoom]) => new Promise((done) => {
  const { map } = window.tongchou;
  map.getContainer().addEventListener('tongchou:drawn', () => done(), { once: true });
  map.setView([lat, lon], zoom, { animate: false });
})"""
SPOT = """([name, id]) => {
  const { map, plate } = window.tongchou;
  const { layer, i } = plate.lookUp(name, id);
  const view = plate.viewNow();
  const px = layer.pixels(view.zoom, view.pivot);
  const frame = map.getContainer().getBoundingClientRect();
  const [x0, y0, x1, y1] = plate.containerBox(layer, i);
  const origin = map.containerPointToLayerPoint([0, 0]);
  const world = (x, y) => {
    const { lat, lng } = map.containerPointToLatLng([x, y]);
    const up = Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360));
    const at = [((lng + 180) / 360) * 256, (0.5 - up / (2 * Math.PI)) * 256];
    return at.map((value, k) => (value - view.pivot[k]) * view.scale);
  };
  const steps = [0.5, 0.35, 0.65, 0.2, 0.8, 0.1, 0.9];
  for (const v of steps) for (const u of steps) {
    const [x, y] = [x0 + u * (x1 - x0), y0 + v * (y1 - y0)];
    if (!plate.inside(layer, px, i, ...world(x, y))) continue;
    const under = document.elementFromPoint(frame.left + x, frame.top + y);
    const covered = !under || under.closest('.plate-corner, .plate-card, .plate-panel');
    if (!covered && map.getContainer().contains(under)) return [frame.left + x, frame.top + y];
  }
  return null;
}"""
SMALL_TARGETS = """(least) => {
  const seen = [];
  const all = 'a[href], button, summary, input:not([type=hidden]), select, [role=button]';
  for (const one of document.querySelectorAll(all)) {
    const box = one.getBoundingClientRect();
    const style = getComputedStyle(one);
    if (!box.width || !box.height || style.visibility === 'hidden') continue;
    if (one.closest('[hidden], .skip, .sr, .plate-list') || style.display === 'inline') continue;
    if (one.matches('table a, p a, input[type=checkbox], label input[type=radio]')) continue;
    if (one.matches('.search:not(:focus-within) input')) continue;
    if (box.height >= least - 0.5 && box.width >= least - 0.5) continue;
    const name = one.textContent.trim().slice(0, 20) || one.getAttribute('aria-label');
    const size = [box.width, box.height].map(Math.round).join('x');
    seen.push(`${one.localName}.${one.className} "${name}" ${size}`);
  }
  return seen;
}"""


def rows_of(service: Service, layer: str) -> pd.DataFrame:
    """The rows of ``layer`` as GDAL reads them from the live file: the service is another process."""
    return pyogrio.read_dataframe(service.store, layer=layer)


def located(service: Service, layer: str) -> gpd.GeoDataFrame:
    """Those rows in degrees."""
    return gpd.GeoDataFrame(rows_of(service, layer)).to_crs(4326)


def by_town(service: Service, layer: str, town: str | None) -> int:
    """How many rows of communities or buildings a town has."""
    homes = rows_of(service, "communities")[["id", "town"]].rename(columns={"id": "home", "town": "of"})
    rows = rows_of(service, layer)
    if town is None:
        return len(rows)
    if layer == "communities":
        return int((rows["town"] == town).sum())
    return int((rows.merge(homes, left_on="community", right_on="home")["of"] == town).sum())


def api(service: Service, path: str) -> Any:
    """The JSON that the service answers."""
    return json.loads(service.get(path))


def settled(watched: Watched) -> dict[str, int]:
    """Wait until the map rests, and give the counts of what is drawn."""
    watched.page.wait_for_function(AT_REST)
    return drawn(watched)


def drawn(watched: Watched) -> dict[str, int]:
    counts: dict[str, int] = watched.page.evaluate("() => window.tongchou.plate.drawn")
    return counts


def await_drawn(watched: Watched, layer: str, count: int) -> None:
    """Wait until exactly so many features of ``layer`` are drawn."""
    watched.page.wait_for_function(
        "([layer, count]) => window.tongchou.plate.drawn[layer] === count", arg=[layer, count]
    )


def await_query(watched: Watched, **wanted: str | None) -> None:
    """Wait until the address holds these parameters; ``None`` for one that it must not have."""
    watched.page.wait_for_function(
        """(wanted) => {
          const file = location.protocol === 'file:';
          const found = new URLSearchParams(file ? location.hash.slice(1) : location.search);
          return Object.entries(wanted).every(([name, value]) => found.get(name) === value);
        }""",
        arg=wanted,
    )


def look_at(watched: Watched, layer: str, id: str, zoom: float) -> None:
    """Show the middle of a feature at ``zoom``."""
    lat, lon = watched.page.evaluate(
        """([name, id]) => {
          const { plate } = window.tongchou;
          const { layer, i } = plate.lookUp(name, id);
          const { lat, lng } = plate.boundsOf(layer, i).getCenter();
          return [lat, lng];
        }""",
        [layer, id],
    )
    watched.page.evaluate(LOOK_AT, [lat, lon, zoom])
    settled(watched)


def spot_of(watched: Watched, layer: str, id: str) -> tuple[float, float]:
    """A pixel of the page on a feature that nothing covers."""
    spot = watched.page.evaluate(SPOT, [layer, id])
    assert spot is not None, f"{layer} {id} is not to be seen"
    x, y = spot
    return float(x), float(y)


def click_on(watched: Watched, layer: str, id: str) -> None:
    watched.page.mouse.click(*spot_of(watched, layer, id))


def tap_on(watched: Watched, layer: str, id: str) -> None:
    watched.page.touchscreen.tap(*spot_of(watched, layer, id))


def put_away(watched: Watched) -> None:
    """Close the card."""
    watched.page.locator(".plate-card-close").click()
    expect(watched.page.locator(".plate-card")).to_be_hidden()


def overflow(watched: Watched) -> int:
    """By how many px the page is wider than its window."""
    wider: int = watched.page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return wider


def violations(page: Page) -> list[str]:
    """What axe finds wrong on the page: rule, impact and the elements."""
    page.evaluate(AXE.read_text(encoding="utf-8") + "\n;null")
    found = page.evaluate("async () => (await axe.run(document)).violations")
    return [
        f"{one['impact']} {one['id']}: {one['help']} {[node['target'] for node in one['nodes']][:4]}"
        for one in found
    ]


def small_targets(watched: Watched) -> list[str]:
    """What can be pressed and is smaller than a finger; links inside text and tables are text."""
    found: list[str] = watched.page.evaluate(SMALL_TARGETS, FINGER_PX)
    return found


def pages_in(pdf: bytes) -> int:
    """How many pages a PDF of Chromium has."""
    return len(re.findall(rb"/Type\s*/Page(?![A-Za-z])", pdf))


def number_in(text: str) -> float:
    """The first figure of a text, without its thousands' marks."""
    found = re.search(r"-?[\d,]+(?:\.\d+)?", text)
    assert found, text
    return float(found[0].replace(",", ""))
