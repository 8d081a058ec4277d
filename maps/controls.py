"""What floats over the map: each control calls one function of ``tongchou/plate/controls.js``."""

from collections.abc import Iterable

from folium.template import Template

from maps.layers import OfflineElement, OfflineMap


class Control(OfflineElement):
    """One control; ``function`` takes the Leaflet map and the plate."""

    function = ""

    _template = Template("""
{%- macro script(this, kwargs) -%}
import { {{ this.function }} } from "tongchou/plate/controls.js";
{{ this.function }}({{ this._parent.get_name() }}, plate);
{%- endmacro -%}
""")

    def __init__(self) -> None:
        super().__init__()
        self._name, self._id = type(self).__name__, "plate"


class Title(Control):
    """What the page shows, with its headline figures."""

    function = "addTitle"


class Search(Control):
    """Find a community by its name."""

    function = "addSearch"


class Tools(Control):
    """Zoom, layer tree, measure, full screen."""

    function = "addTools"


class Legend(Control):
    """What the signs mean, with counts."""

    function = "addLegend"


class Scale(Control):
    """A bar of whole metres."""

    function = "addScale"


class North(Control):
    """Where north is."""

    function = "addNorth"


class Position(Control):
    """Where the pointer is, in the district's CRS."""

    function = "addPosition"


class Footline(Control):
    """What is schematic, CRS, date and revision."""

    function = "addFootline"


OVER_A_PAGE: tuple[type[Control], ...] = (Title, Search, Tools, Legend, Scale, North, Position, Footline)
IN_THE_APPLICATION: tuple[type[Control], ...] = (Tools, Scale, North, Position, Footline)


def add_controls(over: OfflineMap, kinds: Iterable[type[Control]]) -> None:
    """Put controls over a map that has its plate."""
    for kind in kinds:
        kind().add_to(over)
