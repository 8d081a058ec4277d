"""Folium without foreign hosts: the map, its page and the drawn plate; rendering compiles no template."""

from typing import Any

import folium
from branca.element import Element, Figure, MacroElement
from folium.template import Template
from jinja2 import Template as PageTemplate
from markupsafe import Markup, escape

from maps.assets import Assets
from maps.view import Box

PARTS = ("header", "html", "script")
PAYLOAD_ID = "plate-payload"
STYLES = ("vendor/leaflet.css", "css/tokens.css", "css/page.css", "css/map.css")
SCRIPTS = ("vendor/leaflet.js", "vendor/proj4.js")
_MAP_ID = "plate"


class Verbatim(Element):
    """Text that goes out as it is.

    Branca compiles what its elements have rendered as a template once more, so that a name with braces in
    it would be evaluated; this one does not.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render(self, **kwargs: Any) -> str:
        return self.text


class OfflineElement(MacroElement):
    """An element whose macros ``header``, ``html`` and ``script`` go into the page as rendered."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def get_name(self) -> str:
        """The element's name in HTML and in the page's script: the same in every page."""
        return f"{self._name.lower()}_{self._id}"

    def render(self, **kwargs: Any) -> str:
        figure = self.get_root()
        for part in PARTS:
            macro = getattr(self._template.module, part, None)
            if macro is not None:
                text = Verbatim(macro(self, kwargs))
                getattr(figure, part).add_child(text, name=f"{self.get_name()}_{part}")
        for child in self._children.values():
            child.render(**kwargs)
        return ""


class OfflineFigure(Figure):
    """A page of parts: nothing of branca's own header, no foreign address, every script with the nonce."""

    _template = PageTemplate(
        "<!DOCTYPE html>\n"
        '<html lang="{{ this.lang }}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light">\n'
        "<title>{{ this.title }}</title>\n"
    )

    def __init__(self, lang: str, title: str) -> None:
        Element.__init__(self)
        self._name = "Figure"
        self.lang, self.title = escape(lang), escape(title)
        for part in PARTS:
            element = Element()
            element._parent = self
            setattr(self, part, element)

    def collect(self, nonce: str | None = None) -> dict[str, str]:
        """The three parts as HTML; ``script`` is one module script."""
        for child in self._children.values():
            child.render(nonce=nonce)
        texts = {
            part: "\n".join(element.render() for element in getattr(self, part)._children.values())
            for part in PARTS
        }
        mark = "" if nonce is None else f' nonce="{escape(nonce)}"'
        texts["script"] = f'<script type="module"{mark}>\n{texts["script"]}\n</script>'
        return texts

    def render(self, **kwargs: Any) -> str:
        parts = self.collect(kwargs.get("nonce"))
        return (
            f"{self._template.render(this=self)}{parts['header']}\n</head>\n"
            f'<body class="plate-page">\n{parts["html"]}\n{parts["script"]}\n</body>\n</html>\n'
        )


class OfflineMap(OfflineElement, folium.Map):
    """A Folium map of nothing but what is drawn on it: no tiles, no controls, no links of its own."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012
    default_css: list[tuple[str, str]] = []  # noqa: RUF012

    _template = Template("""
{%- macro header(this, kwargs) -%}
{{ this.assets_head(kwargs.nonce) }}
{%- endmacro -%}
{%- macro html(this, kwargs) -%}
<div class="folium-map" id="{{ this.get_name() }}" role="region" aria-label="{{ this.label }}"></div>
{%- endmacro -%}
{%- macro script(this, kwargs) -%}
const {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {
  center: {{ this.location|tojson }}, crs: L.CRS.{{ this.crs }}, ...{{ this.options|tojavascript }}
});
{%- endmacro -%}
""")

    def __init__(self, extent: Box, assets: Assets, label: str) -> None:
        west, south, east, north = extent
        folium.Map.__init__(
            self,
            location=[(south + north) / 2, (west + east) / 2],
            zoom_start=14,
            tiles=None,
            prefer_canvas=True,
            zoom_control=False,
            attribution_control=False,
            zoom_snap=0.25,
        )
        self._id = _MAP_ID
        self.assets = assets
        self.label = escape(label)

    def assets_head(self, nonce: str | None) -> Markup:
        """Style sheets, classic scripts and the import map, in this order."""
        elements = [
            *(self.assets.style(path, nonce) for path in STYLES),
            *(self.assets.script(path, nonce) for path in SCRIPTS),
            self.assets.import_map(nonce),
        ]
        return Markup("\n").join(elements)


class Fragment(OfflineElement):
    """HTML of the page beside the map: the payload, the list of communities, the sentence without scripts."""

    def __init__(self, html: str, name: str) -> None:
        super().__init__()
        self._name, self._id = "Fragment", name
        self.text = html

    def render(self, **kwargs: Any) -> str:
        figure: Any = self.get_root()
        figure.html.add_child(Verbatim(self.text), name=self.get_name())
        return ""


class PlateLayer(OfflineElement):
    """The payload and the call that draws it: ``plate`` in the page's module script.

    ``payload`` is JSON that may stand in a script element (``maps.payload``), ``options`` those of
    ``createPlate``.
    """

    _template = Template("""
{%- macro script(this, kwargs) -%}
import { createPlate } from "tongchou/plate/index.js";
const payload = JSON.parse(document.getElementById("{{ this.payload_id }}").textContent);
const plate = createPlate({{ this._parent.get_name() }}, payload, {{ this.options|tojavascript }});
{%- endmacro -%}
""")

    def __init__(self, payload: str, options: dict[str, Any] | None = None) -> None:
        super().__init__()
        self._name, self._id = "PlateLayer", _MAP_ID
        self.payload_id = PAYLOAD_ID
        self.options = options or {}
        html = f'<script type="application/json" id="{PAYLOAD_ID}">{payload}</script>'
        self.add_child(Fragment(html, "payload"))
