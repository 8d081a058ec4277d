"""QML styles for QGIS, written from ``styles.toml``."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

QGIS_VERSION = "3.22.0"
OPAQUE = 255


@cache
def _styles() -> Mapping[str, Any]:
    return tomllib.loads(files("geo").joinpath("store", "styles.toml").read_text(encoding="utf-8"))


def styled_layers() -> Iterator[str]:
    """Names of the layers that have a style."""
    yield from _styles()


def qml(layer: str) -> str:
    """The QML document of a layer: by category where its style names an attribute, else one symbol."""
    style = _styles()[layer]
    document = Element("qgis", version=QGIS_VERSION, styleCategories="Symbology")
    values = [*style.get("values", []), {"value": "", "label": "", "colour": style["colour"]}]
    kind = "categorizedSymbol" if "attribute" in style else "singleSymbol"
    renderer = SubElement(
        document, "renderer-v2", type=kind, symbollevels="0", enableorderby="0", forceraster="0"
    )
    if "attribute" in style:
        renderer.set("attr", style["attribute"])
        _categories(renderer, values)
    symbols = SubElement(renderer, "symbols")
    for place, value in enumerate(values):
        _symbol(symbols, str(place), style, value["colour"])
    return "<!DOCTYPE qgis>\n" + tostring(document, encoding="unicode")


def _categories(renderer: Element, values: list[dict[str, str]]) -> None:
    categories = SubElement(renderer, "categories")
    for place, value in enumerate(values):
        SubElement(
            categories,
            "category",
            value=value["value"],
            label=value["label"],
            symbol=str(place),
            render="true",
            type="string",
        )


def _symbol(symbols: Element, name: str, style: Mapping[str, Any], colour: str) -> None:
    symbol = SubElement(symbols, "symbol", type=style["symbol"], name=name, alpha="1", clip_to_extent="1")
    kinds = {"fill": "SimpleFill", "line": "SimpleLine", "marker": "SimpleMarker"}
    part = SubElement(
        symbol, "layer", {"class": kinds[style["symbol"]], "enabled": "1", "pass": "0", "locked": "0"}
    )
    options = SubElement(part, "Option", type="Map")
    for key, value in _properties(style, colour).items():
        SubElement(options, "Option", type="QString", name=key, value=value)
        SubElement(part, "prop", k=key, v=value)


def _properties(style: Mapping[str, Any], colour: str) -> dict[str, str]:
    width = str(style["width"])
    if style["symbol"] == "line":
        return {
            "line_color": _rgba(colour),
            "line_width": width,
            "line_width_unit": "MM",
            "line_style": "solid",
        }
    outline = {
        "outline_color": _rgba(style["outline"]),
        "outline_width": width,
        "outline_width_unit": "MM",
        "outline_style": "solid",
    }
    if style["symbol"] == "fill":
        return {"color": _rgba(colour), "style": "solid", **outline}
    return {"name": "circle", "color": _rgba(colour), "size": "1.4", "size_unit": "MM", **outline}


def _rgba(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"{red},{green},{blue},{OPAQUE}"
