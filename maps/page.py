"""Whole pages and their parts as HTML: Jinja with autoescape, every word from the wording."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from geo.vocabulary import AudienceKind
from maps import dossier, forms, linepanel
from maps import matrix as matrices
from maps import panel as panels
from maps.assets import asset_url
from maps.atlas import Atlas
from maps.attachments import cards
from maps.dossier import HISTORY_SHOWN as HISTORY_SHOWN
from maps.figures import Figures
from maps.history import Event, timeline
from maps.ledgers import sheet_for
from maps.panel import Scene
from maps.past import past_sentence, past_told
from maps.questions import row_name
from maps.reader import NOBODY, Reader
from maps.sheet import written
from maps.state import COMMUNITY_FILTERS, LINE_FILTERS, State
from maps.townmap import MapParts
from maps.view import extent
from maps.wording import Wording, languages, wording

TEMPLATES = Path(__file__).parent / "templates"
LINE_THEMES = ("lines", "coordination")
CARD_WORDS = ("edit.js.edit", "edit.js.edit_stage", "edit.js.close")
"""What the page says of editing before editing is fetched."""
HISTORY_LAYERS = (
    "communities",
    "buildings",
    "works",
    "lines",
    "digs",
    "inspections",
    "files",
    "nodes",
    "ground",
)
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


def make_scene(atlas: Atlas, state: State, reader: Reader = NOBODY) -> Scene:
    """What the pages of one state are made from."""
    words = wording(state.lang)
    return Scene(atlas, state, words, Figures(words), reader)


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
    scene: Scene,
    community: str,
    tab: str,
    events: Sequence[Event],
    parts: MapParts | None,
    nonce: str,
    *,
    file_limit_mb: int = 0,
) -> str:
    """One community, without map where only its parts are wanted; ``events`` is its history, newest first.

    Raises ``NotFound``.
    """
    page = dossier.community_page(scene, community, tab, events)
    shared = _shared(scene, crumb=page["head"]["name"], page=f"/community/{community}", tab=tab)
    shared["config"]["community"] = community
    shared |= {"file_limit_mb": file_limit_mb, "edit_words": scene.words.section("edit.js")}
    return _render("community.html", {**shared, **page, "map": parts, "nonce": nonce})


def owner_page(scene: Scene, owner: str, nonce: str) -> str:
    """One owner. Raises ``NotFound``."""
    page = dossier.owner_page(scene, owner)
    shared = _shared(scene, crumb=page["name"], page=f"/owner/{owner}")
    return _render("owner.html", {**shared, "owner": page, "nonce": nonce})


def history_page(
    scene: Scene,
    events: Sequence[Event],
    wanted: Mapping[str, str],
    people: Mapping[str, str],
    before: str,
    older: str | None,
    nonce: str,
) -> str:
    """The district's history; ``wanted`` is what its filter holds, ``older`` where the next page begins."""
    words, state = scene.words, scene.state
    filled = {name: value for name, value in wanted.items() if value}
    layers = {
        layer: words(f"app.layer.{layer}" if f"app.layer.{layer}" in words else f"map.layer.{layer}")
        for layer in HISTORY_LAYERS
    }
    return _render(
        "history_page.html",
        {
            **_shared(scene, crumb=words("edit.history.title"), page="/history"),
            "history": {
                "days": timeline(scene, events, cut=bool(older) and not str(older).endswith(".0")),
                "older_url": state.link("/history", **filled, before=older) if older else "",
                "newest_url": state.link("/history", **filled) if before else "",
            },
            "wanted": wanted,
            "filtered": bool(filled),
            "clear_url": state.link("/history"),
            "keeps": {name: value for name, value in state.params().items() if name in ("lang", "as_of")},
            "communities": scene.atlas.community_names,
            "layers": layers,
            "people": people,
            "edit_words": words.section("edit.js"),
            "nonce": nonce,
        },
    )


def form_part(
    scene: Scene,
    form: forms.Form,
    values: Mapping[str, Any],
    geometry: Mapping[str, Any] | None,
    *,
    removable: bool,
    file_limit_mb: int = 0,
) -> str:
    """A form as a part of a page, with what its script must know of the row."""
    plan = {
        **forms.described(form),
        "geometry_now": geometry,
        "about": row_name(scene.atlas, scene.words, form.layer, values),
        "columns": forms.every_question(scene.atlas, scene.words, form.layer, values),
        "words": scene.words.section("edit.js"),
    }
    dig = form.id if form.layer == "digs" else ""
    return _render(
        "form.html",
        {
            "w": scene.words,
            "form": form,
            "plan": plan,
            "removable": removable,
            "files": cards(scene, dig=dig) if dig else None,
            "dig_id": dig,
            "community_id": "",
            "adds": "files" in scene.reader.adds,
            "edits": "files" in scene.reader.edits,
            "edit_words": plan["words"],
            "file_limit_mb": file_limit_mb,
        },
    )


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
        "home_url": State(lang=state.lang, as_of=state.as_of, home_lang=state.home_lang).url(),
        "district": words.name_of(atlas.district.names),
        "town": names.get(state.town or ""),
        "towns": [{"code": code, "name": names[code]} for code in atlas.towns],
        "crumb": crumb,
        "themes": [
            {
                "code": theme,
                "name": words(f"theme.{theme}"),
                "url": state.url(theme=theme, show=_kept_show(state, theme), sort="", page=1),
                "current": theme == state.theme and not crumb,
            }
            for theme in atlas.themes
        ],
        "theme_name": words(f"theme.{state.theme}"),
        "search_url": "/api/search",
        "search_keeps": {n: v for n, v in state.params().items() if n in ("town", "theme", "lang", "as_of")},
        "other_lang": "zh-CN" if other == "zh" else other,
        "other_lang_url": away.link(page, "theme", **kept) if page else away.url(),
        "sample": atlas.sample,
        "as_of": atlas.as_of.isoformat(),
        "past": past(scene, page, **kept),
        "may_export": atlas.audience.kind is not AudienceKind.PUBLIC,
        "reader": scene.reader,
        "adds": frozenset() if atlas.is_past else scene.reader.adds,
        "edits": frozenset() if atlas.is_past else scene.reader.edits,
        "here": scene.state.link(page, "theme", **kept) if page else scene.state.url(),
        "config": {
            "csrf": scene.reader.csrf,
            "role": scene.reader.role,
            "needs": sorted(scene.reader.needs),
            "adds": sorted(scene.reader.adds),
            "edits": [] if atlas.is_past else sorted(scene.reader.edits),
            "account": scene.reader.id,
            "state": state.params(),
            "lang": state.lang,
            "words": words.section("app.js") | {key: words(key) for key in CARD_WORDS},
            "extents": {} if page else extents(atlas),
        },
    }


def past(scene: Scene, page: str = "", **kept: str) -> dict[str, str] | None:
    """What the banner says over a day that has passed, and the way back; ``None`` today."""
    told = past_told(scene.atlas, scene.words)
    if told is None:
        return None
    today = scene.state.but(as_of=None)
    return {**told, "url": today.link(page, "theme", **kept) if page else today.url()}


def extents(atlas: Atlas) -> dict[str, tuple[float, ...]]:
    """What the map opens on, degrees, for the district (``""``) and for each town."""
    return atlas.keep(
        "extents",
        lambda: {code: extent(atlas, code or None) for code in ("", *atlas.district.town_codes())},
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
    if atlas.is_past and not atlas.revision:
        back = state.but(as_of=None).url()
        return {"sentence": past_sentence(atlas, words), "action": words("past.back"), "url": back}
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
