"""Whole pages and their parts as HTML: Jinja with autoescape, every word from the wording."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from maps import dossier, linepanel
from maps import matrix as matrices
from maps import panel as panels
from maps.assets import asset_url
from maps.atlas import Atlas
from maps.figures import Figures
from maps.ledgers import sheet_for
from maps.panel import Scene
from maps.sheet import written
from maps.state import COMMUNITY_FILTERS, LINE_FILTERS, THEMES, State
from maps.townmap import MapParts
from maps.view import build_view
from maps.wording import Wording, languages, wording

TEMPLATES = Path(__file__).parent / "templates"
LINE_THEMES = ("lines", "coordination")
EXPORT_LAYERS = {"lines": "lines", "coordination": "digs"}


@cache
def environment() -> Environment:
    """The templates, read once; a name that is not filled in is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["asset"] = asset_url
    made.globals["icon"] = made.get_template("icons.html").module.icon  # type: ignore[attr-defined]
    return made


def make_scene(atlas: Atlas, state: State) -> Scene:
    """What the pages of one state are made from."""
    words = wording(state.lang)
    return Scene(atlas, state, words, Figures(words))


def application(scene: Scene, parts: MapParts, nonce: str) -> str:
    """The application with its map."""
    return _render("app.html", {**_application(scene), "map": parts, "nonce": nonce})


def application_part(scene: Scene) -> str:
    """What changes in the application when the state changes: everything but the map."""
    return _render("part.html", _application(scene))


def matrix_page(scene: Scene, nonce: str) -> str:
    """Communities by works."""
    return _render("matrix.html", {**_shared(scene), "panel": matrices.matrix(scene), "nonce": nonce})


def community_page(
    scene: Scene, community: str, tab: str, events: pd.DataFrame, parts: MapParts, nonce: str
) -> str:
    """One community; ``events`` is its history, newest first. Raises ``NotFound``."""
    page = dossier.community_page(scene, community, tab, events)
    shared = _shared(scene, crumb=page["head"]["name"], page=f"/community/{community}", tab=tab)
    shared["config"]["community"] = community
    return _render("community.html", {**shared, **page, "map": parts, "nonce": nonce})


def owner_page(scene: Scene, owner: str, nonce: str) -> str:
    """One owner. Raises ``NotFound``."""
    page = dossier.owner_page(scene, owner)
    shared = _shared(scene, crumb=page["name"], page=f"/owner/{owner}")
    return _render("owner.html", {**shared, "owner": page, "nonce": nonce})


def error_page(words: Wording, *, title: str, advice: str, status: int, code: str) -> str:
    """What went wrong and what to do."""
    return _render(
        "error.html",
        {"w": words, "lang": words.lang, "title": title, "advice": advice, "status": status, "code": code},
    )


def _render(name: str, context: Mapping[str, Any]) -> str:
    return environment().get_template(name).render(context)


def _shared(scene: Scene, *, crumb: str = "", page: str = "", **kept: str) -> dict[str, Any]:
    """What the top bar and every page want."""
    state, words, atlas = scene.state, scene.words, scene.atlas
    other = next(lang for lang in languages() if lang != state.lang)
    away = state.but(lang=other)
    names = atlas.district.town_names(state.lang)
    return {
        "w": words,
        "state": state,
        "home_url": State(lang=state.lang, home_lang=state.home_lang).url(),
        "district": words.name_of(atlas.district.names),
        "town": names.get(state.town or ""),
        "towns": [{"code": code, "name": name} for code, name in names.items()],
        "crumb": crumb,
        "themes": [
            {
                "code": theme,
                "name": words(f"theme.{theme}"),
                "url": state.url(theme=theme, show=_kept_show(state, theme), sort="", page=1),
                "current": theme == state.theme and not crumb,
            }
            for theme in THEMES
        ],
        "theme_name": words(f"theme.{state.theme}"),
        "search_url": "/api/search",
        "search_keeps": {n: v for n, v in state.params().items() if n in ("town", "theme", "lang")},
        "other_lang": "zh-CN" if other == "zh" else other,
        "other_lang_url": away.link(page, "theme", **kept) if page else away.url(),
        "sample": atlas.sample,
        "as_of": atlas.as_of.isoformat(),
        "config": {
            "state": state.params(),
            "lang": state.lang,
            "words": words.section("app.js"),
            "extents": extents(atlas),
        },
    }


def extents(atlas: Atlas) -> dict[str, tuple[float, ...]]:
    """What the map opens on, degrees, for the district (``""``) and for each town."""
    return atlas.keep(
        "extents",
        lambda: {
            code: build_view(atlas, town=code or None).extent for code in ("", *atlas.district.town_codes())
        },
    )


def _kept_show(state: State, theme: str) -> str:
    return "" if state.show == "matrix" and theme != "works" else state.show


def _application(scene: Scene) -> dict[str, Any]:
    state = scene.state
    build = linepanel.panel if state.theme in LINE_THEMES else panels.panel
    panel = {"waiting": [], **build(scene)}
    table = (
        written(sheet_for(scene), scene.figures, scene.words, state.page) if state.show == "table" else None
    )
    return {
        **_shared(scene),
        "panel": panel,
        "sheet": table,
        "chosen": _chosen(scene),
        "empty": _empty(scene),
        "table_url": state.url(show="" if state.show == "table" else "table", sort="", page=1),
        "close_url": state.url(show="", sort="", page=1),
        "sort_url": lambda sort: state.url(sort=sort, page=1),
        "page_url": lambda page: state.url(page=page),
        "export_url": _export_url(state),
        "print_url": state.link("/map", "town", "theme", *COMMUNITY_FILTERS, *LINE_FILTERS, print="1"),
    }


def _export_url(state: State) -> Callable[[str], str]:
    layer = EXPORT_LAYERS.get(state.theme, "communities")
    filters = ("town", "theme", "sort", *COMMUNITY_FILTERS, *LINE_FILTERS)
    return lambda kind: state.link("/api/export", *filters, format=kind, layer=layer)


def _chosen(scene: Scene) -> dict[str, Any] | None:
    if scene.state.community is None:
        return None
    return dossier.community_head(scene, dossier.standing_of(scene, scene.state.community))


def _empty(scene: Scene) -> dict[str, str] | None:
    """One sentence and one action where there is nothing to show; ``None`` where there is."""
    atlas, state, words = scene.atlas, scene.state, scene.words
    layer = EXPORT_LAYERS.get(state.theme, "communities")
    if not len(atlas.frames[layer]):
        return {
            "sentence": words(f"app.empty.{layer}"),
            "action": words(f"app.empty.{layer}_do"),
            "url": "",
        }
    found = {
        "lines": lambda: linepanel.picked_lines(scene),
        "digs": lambda: linepanel.picked_digs(scene),
    }.get(layer, scene.standing)()
    if len(found) or not state.filters():
        return None
    return {
        "sentence": words(f"app.empty.filtered_{layer}"),
        "action": words("map.clear_filter"),
        "url": state.cleared().url(),
    }
