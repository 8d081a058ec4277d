"""The section of a finding at its worst place: what stands where, how deep and how big, if it is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geo.coordination.cover import FROST
from geo.coordination.order import YARD
from geo.vocabulary import DepthReference, FindingKind, GroundKind, LineState
from maps.palette import line_code, line_style
from maps.wording import Wording

Frames = Mapping[str, pd.DataFrame]

LINE, TRENCH, BUILDING, TREE, POLE, KERB = "line", "trench", "building", "tree", "pole", "kerb"
BESIDE, OVER, COVER, ZONE, MEETING = "horizontal", "vertical", "cover", "zone", "meeting"
_HOW = {
    FindingKind.HORIZONTAL: BESIDE,
    FindingKind.VERTICAL: OVER,
    FindingKind.COVER: COVER,
    FindingKind.PROTECTION: ZONE,
    FindingKind.DUG_TWICE: MEETING,
    FindingKind.SAME_DAYS: MEETING,
    FindingKind.OPPORTUNITY: MEETING,
    FindingKind.ORDER: MEETING,
}
_GROUND = {GroundKind.TREE: TREE, GroundKind.POLE: POLE, GroundKind.KERB: KERB}
_M_PER_MM = 0.001
LONGEST_NAME = 16


@dataclass(frozen=True)
class Body:
    """One thing in the section. Metres: ``x`` is its middle (of a building the near face), from the first.

    ``half`` is half the outer width; ``top`` and ``bottom`` are depths below the ground; what is not known
    is ``None``. ``along``: seen along its run, not across. ``hidden``: another's, not for these eyes.
    """

    kind: str
    code: str
    notes: tuple[str, ...] = ()
    style: str = ""
    x: float = 0.0
    half: float | None = None
    top: float | None = None
    bottom: float | None = None
    planned: bool = False
    along: bool = False
    hidden: bool = False

    @property
    def left(self) -> float:
        return self.x - (self.half or 0.0)

    @property
    def right(self) -> float:
        return self.x + (self.half or 0.0)

    @property
    def has_depth(self) -> bool:
        return self.top is not None or self.bottom is not None

    def span(self) -> tuple[float, float] | None:
        """Depth of top and of underside as drawn: a size that is not known is the other one, or nothing."""
        size = 2 * (self.half or 0.0)
        if self.top is not None:
            return self.top, self.bottom if self.bottom is not None else self.top + size
        if self.bottom is not None:
            return self.bottom - size, self.bottom
        return None


@dataclass(frozen=True)
class Section:
    """``how``: side by side, crossing, cover, protection zone or two trenches.

    ``trenches`` are those that the planned lines lie in; ``measured`` and ``required`` are metres.
    """

    how: str
    verdict: str
    bodies: tuple[Body, ...]
    trenches: tuple[Body, ...] = ()
    measured: float | None = None
    required: float | None = None
    frost_m: float | None = None


def section_of(
    finding: Mapping[str, Any], frames: Frames, words: Wording, frost_m: float | None = None
) -> Section | None:
    """The section of a row of findings at its worst place; ``None`` where there is nothing to draw.

    ``frames`` are layers in the CRS of the finding. A thing that is hidden from these eyes is drawn where it
    is said to be, at no depth.
    """
    how = _HOW.get(finding["kind"])
    worst = finding["worst"]
    if how is None or worst is None or pd.isna(worst):
        return None
    if finding["rule"] not in (YARD, FROST) and finding["kind"] == FindingKind.ORDER:
        return None
    first = _body(finding, "a", frames, words)
    second = None if how == COVER else _body(finding, "b", frames, words)
    if first is None or (second is None and how != COVER):
        return None
    bodies = (first,) if second is None else _beside(first, second, finding, frames, how)
    in_metres = finding["unit"] == "m" and how != MEETING
    return Section(
        how=how,
        verdict=str(finding["verdict"]),
        bodies=bodies,
        trenches=tuple(_trenches(finding, bodies, frames, words)) if how != ZONE and how != MEETING else (),
        measured=_real(finding["measured"]) if in_metres else None,
        required=_real(finding["required"]) if in_metres else None,
        frost_m=frost_m,
    )


def row_of(frames: Frames, layer: Any, row: Any) -> dict[str, Any] | None:
    """The row of a thing by layer and id, ``None`` where it is not among the frames."""
    frame = None if pd.isna(layer) else frames.get(str(layer))
    if frame is None or frame.empty or pd.isna(row):
        return None
    found = np.flatnonzero((frame["id"] == row).fillna(False).to_numpy(dtype=bool))
    return None if not len(found) else {str(k): v for k, v in frame.iloc[int(found[0])].items()}


def _body(finding: Mapping[str, Any], side: str, frames: Frames, words: Wording) -> Body | None:
    layer = finding[f"layer_{side}"]
    if finding.get("hidden") == side:
        group = finding[f"class_{side}"]
        style = style_of(None if pd.isna(group) else str(group))
        kind = TRENCH if layer == "digs" else LINE
        return Body(kind, words(f"utility.{style}"), (words("section.hidden"),), style, hidden=True)
    row = row_of(frames, layer, finding[f"thing_{side}"])
    if row is None:
        return None
    if layer == "lines":
        return line_body(row, finding["worst"], words)
    if layer == "digs":
        return trench_body(row, words)
    if layer == "buildings":
        number = row.get("number")
        name = words("section.building") if pd.isna(number) else short(str(number))
        return Body(BUILDING, name, (words("section.wall"),))
    return _ground_body(row, words) if layer == "ground" else None


def _ground_body(row: Mapping[str, Any], words: Wording) -> Body | None:
    kind = _GROUND.get(row["kind"])
    if kind is None:
        return None
    width = _real(row.get("width_m")) if kind == POLE else None
    return Body(kind, words(f"ground.{row['kind']}"), half=None if width is None else width / 2)


def line_body(row: Mapping[str, Any], place: shapely.Point, words: Wording) -> Body:
    """A line at a place on it or beside it; its depth there is interpolated between its ends by length."""
    depth = depth_at(row, place)
    invert = row.get("depth_reference") == DepthReference.INVERT
    width, height = (_metres(row.get(name)) for name in ("outer_width_mm", "outer_height_mm"))
    size = height if height is not None else width
    top = bottom = None
    if depth is not None and invert:
        bottom, top = depth, None if size is None else depth - size
    elif depth is not None:
        top, bottom = depth, None if size is None else depth + size
    notes = [words("section.depth_unknown")]
    if depth is not None:
        notes = [words("section.invert" if invert else "section.top", depth=f"{depth:.2f}")]
    if width is None:
        notes.append(words("section.size_unknown"))
    return Body(
        LINE,
        line_name(row),
        tuple(notes),
        style_of(_text(row["utility"]), _text(row.get("kind")), _text(row.get("state"))),
        half=None if width is None else width / 2,
        top=top,
        bottom=bottom,
        planned=row.get("state") == LineState.PLANNED,
    )


def depth_at(row: Mapping[str, Any], place: shapely.Point) -> float | None:
    """Depth of a line beside a place, by its own reference; at an end only that end has to be known."""
    first, last = _real(row.get("depth_start_m")), _real(row.get("depth_end_m"))
    share = float(shapely.line_locate_point(row["geometry"], place, normalized=True))
    if share <= 0 or share >= 1:
        return first if share <= 0 else last
    return None if first is None or last is None else first + (last - first) * share


@lru_cache(maxsize=4096)
def style_of(utility: str | None, kind: str | None = None, state: str | None = None) -> str:
    """``palette.line_style``, worked out once for each combination."""
    return line_style(utility, kind, state)


@lru_cache(maxsize=4096)
def _code_of(utility: str | None, kind: str | None) -> str:
    return line_code(utility, kind)


def line_name(row: Mapping[str, Any]) -> str:
    """``JS DN150``: letter code and size, of power the voltage."""
    code = _code_of(_text(row["utility"]), _text(row.get("kind")))
    size, nominal, volts = row.get("size_text"), _real(row.get("nominal_diameter_mm")), row.get("voltage_kv")
    if not pd.isna(size) and str(size):
        return f"{code} {short(str(size))}"
    if nominal is not None:
        return f"{code} DN{nominal:g}"
    return code if pd.isna(volts) else f"{code} {float(str(volts)):g} kV"


def trench_body(row: Mapping[str, Any], words: Wording) -> Body:
    """A dig as the trench that it opens."""
    width, depth = _real(row.get("width_m")), _real(row.get("depth_m"))
    number = row.get("number")
    name = words("section.trench") if pd.isna(number) else short(str(number))
    note = (
        words("section.depth_unknown")
        if depth is None
        else words("section.trench_depth", depth=f"{depth:.2f}")
    )
    style = style_of(_text(row.get("utility")))
    half = None if width is None else width / 2
    return Body(
        TRENCH, name, (note,), style, half=half, top=0.0 if depth else None, bottom=depth, planned=True
    )


def _beside(
    first: Body, second: Body, finding: Mapping[str, Any], frames: Frames, how: str
) -> tuple[Body, Body]:
    """Both things in their places: the second to the right of the first, or along where they cross."""
    if how == OVER:
        return first, _moved(second, 0.0, along=True)
    measured = _real(finding["measured"]) or 0.0
    halves = (first.half or 0.0) + (0.0 if second.kind == BUILDING else second.half or 0.0)
    if how == MEETING:
        gap = None if first.hidden or second.hidden else _apart(finding, frames)
        return first, _moved(second, halves if gap is None else gap)
    return first, _moved(second, measured + halves)


def _apart(finding: Mapping[str, Any], frames: Frames) -> float | None:
    """Metres between the middle lines at the worst place."""
    row = row_of(frames, finding["layer_b"], finding["thing_b"])
    return None if row is None else float(shapely.distance(finding["worst"], row["geometry"]))


def _moved(body: Body, x: float, along: bool = False) -> Body:
    return Body(**{**body.__dict__, "x": x, "along": along})


def _trenches(
    finding: Mapping[str, Any], bodies: tuple[Body, ...], frames: Frames, words: Wording
) -> list[Body]:
    """The trenches that planned lines of the section are to be laid in, where their size is known."""
    out = []
    for side, body in zip("ab", bodies, strict=False):
        row = row_of(frames, finding[f"layer_{side}"], finding[f"thing_{side}"])
        dig = None if row is None or body.along else row_of(frames, "digs", row.get("dig"))
        if dig is None or not body.planned:
            continue
        trench = trench_body(dig, words)
        if trench.half is not None and trench.bottom is not None:
            out.append(_moved(trench, body.x))
    return out


def short(text: str) -> str:
    """A name from the data cut to what has room beside a drawing."""
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"


def _real(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _metres(millimetres: Any) -> float | None:
    value = _real(millimetres)
    return None if value is None else value * _M_PER_MM


def _text(value: Any) -> str | None:
    return None if value is None or pd.isna(value) else str(value)
