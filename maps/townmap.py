"""The map of the district or of a town as HTML: a page, parts of a page, or one file that needs no other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from geo.errors import BadInput
from maps.assets import Assets, InlinedAssets
from maps.controls import IN_THE_APPLICATION, OVER_A_PAGE, Control, add_controls
from maps.layers import PARTS, Fragment, OfflineFigure, OfflineMap, PlateLayer
from maps.payload import payload_text
from maps.view import EMBED_LIMIT, MapView
from maps.viewport import prepare
from maps.wording import Wording

EXPORT_LIMIT_BYTES = 30 * 1024 * 1024
_SCREEN_PX = 4000
_ROWS_SHOWN = EMBED_LIMIT

_NOSCRIPT = """<noscript><p class="plate-noscript">{{ w("map.noscript") }}</p></noscript>"""
_LIST = """<section class="plate-list" aria-labelledby="plate-list-title">
<h2 id="plate-list-title">{{ heading }}</h2>
{% if rows %}<table>
<thead><tr>{% for field in fields %}<th scope="col">{{ w("field." ~ field) }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}<tr><th scope="row">{{ row[0] }}</th>
{%- for cell in row[1:] %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody>
</table>{% else %}<p>{{ w("map.list_none") }}</p>{% endif %}
{% if waiting %}<p>{{ w("map.not_on_map", count=waiting|length) }} — {{ waiting|join(" · ") }}</p>{% endif %}
</section>"""


@dataclass(frozen=True)
class MapParts:
    """HTML for a page that has its own frame: into ``<head>``, into the body, and after it."""

    head: Markup
    body: Markup
    script: Markup


def render_page(
    view: MapView, assets: Assets, wording: Wording, *, nonce: str | None = None, standalone: bool = True
) -> str:
    """The page of ``/map``; not ``standalone``, without title, search, legend and list."""
    kinds = OVER_A_PAGE if standalone else IN_THE_APPLICATION
    figure = _figure(view, assets, wording, _payload_text(view), kinds, {}, listed=standalone)
    return str(figure.render(nonce=nonce))


def render_parts(
    view: MapView,
    assets: Assets,
    wording: Wording,
    *,
    nonce: str | None = None,
    controls: Iterable[type[Control]] = IN_THE_APPLICATION,
    options: Mapping[str, Any] | None = None,
) -> MapParts:
    """The map for a page that has its own frame; ``options`` are those of ``createPlate``."""
    figure = _figure(view, assets, wording, _payload_text(view), controls, options or {}, listed=False)
    parts = figure.collect(nonce)
    return MapParts(*(Markup(parts[part]) for part in PARTS))


def render_file(view: MapView, wording: Wording) -> str:
    """One file with everything in it, drawn as fine as a screen of 4,000 px shows the whole extent.

    ``view`` must embed every layer (``embed_limit=None``). Raises ``BadInput`` (``export_too_large``)
    where the file would pass ``EXPORT_LIMIT_BYTES``.
    """
    if view.remote:
        raise ValueError(f"not embedded: {', '.join(view.remote)}")
    west, south, east, north = view.extent
    tolerance = max(east - west, north - south) / _SCREEN_PX
    data = payload_text(view, remote=None, tolerance=tolerance)
    _check_size(len(data))
    figure = _figure(view, _inlined(), wording, data, OVER_A_PAGE, {}, listed=True)
    html = str(figure.render())
    _check_size(len(html.encode()))
    return html


def _check_size(size: int) -> None:
    if size > EXPORT_LIMIT_BYTES:
        megabyte = 1024 * 1024
        limit = EXPORT_LIMIT_BYTES // megabyte
        raise BadInput("export_too_large", size_mb=round(size / megabyte, 1), limit_mb=limit)


@cache
def _inlined() -> InlinedAssets:
    return InlinedAssets()


def _payload_text(view: MapView) -> str:
    if view.remote:
        prepare(view.atlas, view.remote, view.lang)
    return payload_text(view)


def _figure(
    view: MapView,
    assets: Assets,
    words: Wording,
    data: str,
    kinds: Iterable[type[Control]],
    options: Mapping[str, Any],
    *,
    listed: bool,
) -> OfflineFigure:
    theme = words(f"theme.{view.theme}")
    figure = OfflineFigure(words("map.html_lang"), words("map.title", place=view.place, theme=theme))
    over = OfflineMap(view.extent, assets, words("map.aria", place=view.place))
    figure.add_child(over)
    PlateLayer(data, dict(options)).add_to(over)
    add_controls(over, kinds)
    Fragment(_noscript(words), "noscript").add_to(over)
    if listed:
        Fragment(_list(view, words), "list").add_to(over)
    return figure


@cache
def _environment() -> Environment:
    return Environment(autoescape=True, undefined=StrictUndefined)


@cache
def _noscript(words: Wording) -> Markup:
    return Markup(_environment().from_string(_NOSCRIPT).render(w=words))


def _list(view: MapView, words: Wording) -> Markup:
    """The communities as a table for readers without the drawing; of very many only the sums by town."""
    return view.atlas.keep(("list", view.town, words.lang), lambda: _made_list(view, words))


def _made_list(view: MapView, words: Wording) -> Markup:
    few = len(view.rows["communities"]) <= _ROWS_SHOWN
    fields, rows = _community_rows(view, words) if few else _town_rows(view, words)
    waiting = view.not_on_map["name"].tolist() if few else []
    return Markup(
        _environment()
        .from_string(_LIST)
        .render(w=words, heading=words("map.list"), fields=fields, rows=rows, waiting=waiting)
    )


def _community_rows(view: MapView, words: Wording) -> tuple[list[str], list[tuple[str, ...]]]:
    towns = view.atlas.district.town_names(words.lang)
    standing = view.communities
    late = [
        words("map.late", days=int(days)) if days else words("map.on_time") for days in standing["late_days"]
    ]
    columns = {
        "name": standing["name"],
        "town": [towns.get(code, code) for code in standing["town"]],
        "stage": [words(f"stage.{stage}") for stage in standing["stage"]],
        "progress": [words.percent(value) for value in standing["progress"]],
        "late": late,
        "buildings": _numbers(standing["buildings"], words),
        "households": _numbers(standing["households"], words),
        "area_m2": [words.area(value) for value in standing["floor_area_dm2"]],
        "investment_yuan": [words.money(value) for value in standing["investment_fen"]],
    }
    return list(columns), list(zip(*columns.values(), strict=True))


def _numbers(values: pd.Series, words: Wording) -> list[str]:
    return [words("unit.none") if pd.isna(value) else words.number(value) for value in values]


def _town_rows(view: MapView, words: Wording) -> tuple[list[str], list[tuple[str, ...]]]:
    counted = ("communities", "buildings", "households")
    rows = [
        (town["name"], *(words.number(town[name]) for name in counted), words.percent(town["progress"]))
        for town in view.summary["towns"].values()
    ]
    return ["town", *counted, "progress"], rows
