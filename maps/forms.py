"""Forms from the contract of the layers: which questions, in which words and units, and what they hold."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from geo.errors import BadInput, NotFound
from geo.layers import Layer, layer_named
from maps.atlas import Atlas
from maps.questions import Question, about, as_text, is_missing, question
from maps.wording import Wording


@dataclass(frozen=True)
class Part:
    """One form of a layer: the questions that everybody answers and those that stand folded."""

    first: tuple[str, ...]
    more: tuple[str, ...] = ()
    geometry: bool = False


PARTS: Mapping[str, Mapping[str, Part]] = {
    "communities": {
        "stage": Part(("stage", "stage_due", "delay_reason")),
        "facts": Part(
            (
                "name", "town", "committee", "year_built", "building_count", "households", "floor_area_dm2",
                "investment_fen",
            ),
            ("address", "note"),
        ),
        "outline": Part((), geometry=True),
    },
    "buildings": {
        "all": Part(
            ("number", "storeys", "units", "households", "floor_area_dm2", "year_built", "structure"),
            geometry=True,
        ),
    },
    "works": {
        "all": Part(
            (
                "code", "building", "progress_percent", "planned_start", "planned_end", "actual_start",
                "actual_end", "contractor",
            ),
            ("quantity", "unit", "cost_fen", "note"),
        ),
    },
    "lines": {
        "all": Part(
            ("utility", "kind", "state", "owner", "size_text", "depth_start_m", "depth_end_m"),
            (
                "community", "dig", "material", "laying", "depth_reference", "nominal_diameter_mm",
                "outer_width_mm", "outer_height_mm", "pressure_mpa", "voltage_kv", "cable_count",
                "hole_count", "holes_used", "year_laid", "surveyed_on", "road", "start_number", "end_number",
                "serves_building", "trunk", "house_connection", "note",
            ),
            geometry=True,
        ),
    },
    "digs": {
        "all": Part(
            ("owner", "utility", "window_start", "window_end", "width_m", "depth_m", "state"),
            ("number", "community", "surface", "purpose", "contractor", "joins", "note"),
            geometry=True,
        ),
    },
    "inspections": {"all": Part(("inspected_on", "building", "work", "result", "note"))},
    "files": {"all": Part(("caption", "taken_on"))},
}  # fmt: skip


@dataclass(frozen=True)
class Form:
    """A form to be filled in: ``id`` is empty for a new row, ``fixed`` are the values it does not ask for."""

    layer: str
    id: str
    part: str
    title: str
    row_revision: int
    first: tuple[Question, ...]
    more: tuple[Question, ...]
    geometry: bool
    drawn: str
    fixed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def questions(self) -> tuple[Question, ...]:
        return (*self.first, *self.more)


def part_of(layer: str, part: str) -> Part:
    """The part of a layer's form; ``NotFound`` where there is no such form."""
    layer_named(layer)
    if part not in PARTS.get(layer, {}):
        raise NotFound("no_such_form", layer=layer, part=part)
    return PARTS[layer][part]


def make_form(
    atlas: Atlas,
    words: Wording,
    layer: str,
    part: str,
    values: Mapping[str, Any],
    *,
    allowed: Mapping[str, Iterable[str]] | None = None,
) -> Form:
    """The form of one row; ``values`` are its columns as the store has them, without ``id`` for a new one.

    ``allowed`` narrows the choices of a column to those that the editor may make; what the row holds stays.
    """
    wanted, contract = part_of(layer, part), layer_named(layer)
    names = (*wanted.first, *wanted.more)
    ask = {
        name: question(atlas, words, contract, contract.column(name), values, (allowed or {}).get(name))
        for name in names
    }
    fixed = {name: value for name, value in values.items() if _keeps(contract, name, value, names)}
    return Form(
        layer=layer,
        id=as_text(values.get("id")),
        part=part,
        title=title(words, layer, part, values, about(atlas, words, layer, values)),
        row_revision=int(values.get("row_revision") or 0),
        first=tuple(ask[name] for name in wanted.first),
        more=tuple(ask[name] for name in wanted.more),
        geometry=wanted.geometry,
        drawn=_drawn(contract),
        fixed={} if "id" in values else fixed,
    )


def _keeps(layer: Layer, name: str, value: Any, asked: tuple[str, ...]) -> bool:
    return name in layer.names and name not in (*asked, "id") and not is_missing(value)


def _drawn(layer: Layer) -> str:
    """What is drawn for a row of the layer: area or path, nothing for a plain table."""
    if not layer.geometry:
        return ""
    return "path" if layer.geometry[0] == "LineString" else "area"


def title(words: Wording, layer: str, part: str, values: Mapping[str, Any], about: str) -> str:
    """``示例小区：阶段`` for a row that is there, ``新增楼栋`` for a new one."""
    if "id" not in values:
        return words(f"edit.title.new_{layer}")
    return words(f"edit.title.{layer}_{part}", name=about)


def described(form: Form) -> dict[str, Any]:
    """The form for the page's script: what it must know to read, check, draft and compare."""
    return {
        "layer": form.layer,
        "id": form.id,
        "part": form.part,
        "title": form.title,
        "row_revision": form.row_revision,
        "drawn": form.drawn,
        "geometry": form.geometry,
        "fixed": {name: _json(value) for name, value in form.fixed.items()},
        "questions": [_described(one) for one in form.questions],
    }


def _described(one: Question) -> dict[str, Any]:
    return {
        "name": one.name,
        "label": one.label,
        "kind": one.kind,
        "shown": one.shown,
        "unit": one.unit,
        "required": one.required,
        "low": one.low,
        "high": one.high,
        "decimals": one.decimals,
        "choices": {choice.value: choice.word for choice in one.choices},
    }


def every_question(
    atlas: Atlas, words: Wording, layer: str, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """All columns of a layer that people see, for comparing two versions of a row."""
    contract = layer_named(layer)
    hidden = ("id", "source", "source_id")
    return [
        _described(question(atlas, words, contract, column, values))
        for column in contract.columns
        if column.name not in hidden
    ]


def new_values(layer: str, given: Mapping[str, str]) -> dict[str, Any]:
    """What a new row begins with, from the query: columns of the layer only."""
    contract = layer_named(layer)
    given = {name: value for name, value in given.items() if value}
    for name in given:
        if name not in contract.names or name == "id":
            raise BadInput("unknown_parameter", parameter=name, known=", ".join(contract.names))
    return dict(given)


def _json(value: Any) -> Any:
    if isinstance(value, bool | int | float | str):
        return value
    return str(value)
