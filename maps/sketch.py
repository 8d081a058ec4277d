"""The section sketch as SVG: one scale both ways, outer sizes true, what is not known shown as not known."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from maps import palette
from maps.palette import LINES, VERDICTS
from maps.section import BESIDE, BUILDING, COVER, KERB, LINE, OVER, POLE, TREE, ZONE, Body, Section
from maps.wording import Wording

WIDTH = 320.0
SIDE, NARROW_SIDE = 98.0, 34.0
LEAST_PX_PER_M, LOWEST_PX = 34.0, 96.0
TALLEST, MOST_PX_PER_M = 190.0, 90.0
TOP, FOOT = 26.0, 16.0
DIMENSIONS = {BESIDE: 44.0, ZONE: 44.0}
SKY_M, BELOW_M, LEAST_M = 0.25, 0.3, 1.2
LEAST_PX = 1.6
WALL_PX = 26.0
COLUMN_PX = 18.0
LINE_PX, ROOM_PX = 13.0, 86.0
ZONE_OPACITY = 0.45
_OPEN_M = 0.15


@dataclass(frozen=True)
class Scale:
    """Where metres are on the drawing: ``x0`` is the left edge at ``left`` metres, ``y0`` the ground."""

    px: float
    x0: float
    left: float
    y0: float
    deepest: float

    def x(self, metres: float) -> float:
        return self.x0 + (metres - self.left) * self.px

    def y(self, depth: float) -> float:
        return self.y0 + depth * self.px

    @property
    def floor(self) -> float:
        return self.y(self.deepest)


Shape = dict[str, Any]


def sketch(section: Section, words: Wording, key: str) -> dict[str, Any]:
    """What ``section.html`` draws: one ``svg`` with title and description; ``key`` makes its ids unique."""
    scale = _scale(section)
    height = scale.floor + DIMENSIONS.get(section.how, 8.0) + FOOT
    labels = list(_labels(section, scale))
    shapes = [
        *_ground(section, scale),
        *(shape for trench in section.trenches for shape in _trench(trench, scale)),
        *_required_zone(section, scale),
        *(shape for body in section.bodies for shape in _drawn(body, scale)),
        *_dimensions(section, scale, words),
        *_frost(section, scale, words, labels),
        *labels,
        _text(WIDTH - 4, height - 4, words("section.scale"), anchor="end", fill=palette.INK3),
    ]
    if section.required and section.measured is None:
        told = words("section.not_measured", value=f"{section.required:.2f}")
        shapes.append(_text(4, height - 4, told, fill=palette.INK2))
    return {
        "key": "".join(letter for letter in key if letter.isalnum())[:40],
        "width": _number(WIDTH),
        "height": _number(height),
        "font": palette.FONTS,
        "title": words(f"section.title.{section.how}"),
        "desc": described(section, words),
        "shapes": shapes,
    }


def described(section: Section, words: Wording) -> str:
    """The sketch in a sentence or two, for who does not see it."""
    notes = [words("section.and").join(body.notes) for body in section.bodies]
    names = [
        words("section.body", name=body.code, note=note) if note else body.code
        for body, note in zip(section.bodies, notes, strict=True)
    ]
    parts = [words("app.list").join(names)]
    if section.measured is not None:
        parts.append(words("section.measured", value=_measured(section)))
    if section.required is not None:
        parts.append(words("section.required_m", value=f"{section.required:.2f}"))
    return words("section.stop").join(parts)


def _scale(section: Section) -> Scale:
    bodies = (*section.bodies, *section.trenches)
    left = min(body.left for body in bodies) - 0.02
    right = max(body.right for body in bodies) + 0.02
    if section.required is not None and section.how in (BESIDE, ZONE):
        left = min(left, section.bodies[1].left - section.required)
    known = [span[1] for body in bodies if (span := body.span()) is not None]
    deepest = max([LEAST_M, *known]) + (BELOW_M if section.how != OVER else 2 * BELOW_M)
    if section.how == COVER:
        deepest = max(deepest, (section.required or 0.0) + BELOW_M)
    wide = max(right - left, 0.3)
    px = min((WIDTH - 2 * SIDE) / wide, TALLEST / (deepest + SKY_M), MOST_PX_PER_M)
    if px < LEAST_PX_PER_M:
        px = min((WIDTH - 2 * NARROW_SIDE) / wide, LEAST_PX_PER_M)
    deepest = max(deepest, LOWEST_PX / px)
    x0 = (WIDTH - wide * px) / 2
    return Scale(px, x0, left, TOP + SKY_M * px, deepest)


def _ground(section: Section, scale: Scale) -> Iterable[Shape]:
    yield _shape("rect", x=4, y=scale.y0, width=WIDTH - 8, height=scale.floor - scale.y0, fill=palette.FIELD)
    if section.frost_m is not None and section.frost_m < scale.deepest:
        y = scale.y(section.frost_m)
        yield _line(4, y, WIDTH - 4, y, palette.INK2, 1, dash="1 4")


def _frost(section: Section, scale: Scale, words: Wording, labels: list[Shape]) -> Iterable[Shape]:
    """What the dotted line is, where no other name stands."""
    if section.frost_m is None or section.frost_m >= scale.deepest:
        return
    y = scale.y(section.frost_m)
    told = words("section.frost", depth=f"{section.frost_m:.2f}")
    taken = [(shape["attributes"]["text-anchor"], float(shape["attributes"]["y"])) for shape in labels]
    for anchor, x in (("end", WIDTH - 6), ("start", 6.0)):
        for at in (y - 4, y + 13):
            if all(side != anchor or abs(at - other) > LINE_PX for side, other in taken):
                yield _text(x, at, told, anchor=anchor, fill=palette.INK2)
                return


def _required_zone(section: Section, scale: Scale) -> Iterable[Shape]:
    """What must be free, from the other thing's edge; of cover from the ground down."""
    if section.required is None or section.required <= 0:
        return
    fill = {"fill": VERDICTS["fail"].fill, "fill-opacity": ZONE_OPACITY}
    size = section.required * scale.px
    if section.how in (BESIDE, ZONE):
        edge = scale.x(section.bodies[1].left)
        yield _shape("rect", x=edge - size, y=scale.y0, width=size, height=scale.floor - scale.y0, **fill)
    elif section.how == COVER:
        yield _shape("rect", x=scale.x(0.0) - 34, y=scale.y0, width=68, height=size, **fill)
    elif section.how == OVER:
        upper = _upper(section)
        if upper is not None:
            y = scale.y((upper.span() or (0.0, 0.0))[1])
            yield _shape("rect", x=scale.x(0.0) - 34, y=y, width=68, height=size, **fill)


def _upper(section: Section) -> Body | None:
    """Of two lines that cross the upper one; ``None`` where a depth is missing."""
    spans = [body.span() for body in section.bodies]
    if spans[0] is None or spans[1] is None:
        return None
    return section.bodies[0] if sum(spans[0]) <= sum(spans[1]) else section.bodies[1]


def _drawn(body: Body, scale: Scale) -> Iterable[Shape]:
    if body.kind == LINE:
        yield from _column(body, scale) if body.hidden or not body.has_depth else _pipe(body, scale)
    elif body.kind == BUILDING:
        yield from _building(body, scale)
    elif body.kind in (TREE, POLE, KERB):
        yield from _standing(body, scale)
    else:
        yield from _column(body, scale) if body.hidden or not body.has_depth else _trench(body, scale)


def _pipe(body: Body, scale: Scale) -> Iterable[Shape]:
    """Across: a circle or a duct of its true size; along: a band. A cross where the size is not known."""
    colour = _colour(body)
    top, bottom = body.span() or (0.0, 0.0)
    high = max((bottom - top) * scale.px, 2 * LEAST_PX)
    middle = scale.y((top + bottom) / 2)
    dash = {"stroke-dasharray": "5 3"} if body.planned else {}
    if body.along:
        paint = {"fill": palette.SURFACE, "stroke": colour, "stroke-width": 1.8, **dash}
        yield _shape("rect", x=10, y=middle - high / 2, width=WIDTH - 20, height=high, **paint)
        return
    wide = 2 * (body.half or 0.0) * scale.px
    x = scale.x(body.x)
    if body.half is None:
        yield _shape("path", d=f"M{_number(x - 4)} {_number(middle)}h8M{_number(x)} {_number(middle - 4)}v8",
                     stroke=colour, **{"stroke-width": 1.8, "fill": "none"})  # fmt: skip
        return
    paint = {"fill": colour if wide < 8 else palette.SURFACE, "stroke": colour, "stroke-width": 1.8}
    wide = max(wide, 2 * LEAST_PX)
    if abs(wide - high) < 0.2 * wide:
        yield _shape("circle", cx=x, cy=middle, r=wide / 2, **paint)
    else:
        yield _shape("rect", x=x - wide / 2, y=middle - high / 2, width=wide, height=high, **paint)


def _column(body: Body, scale: Scale) -> Iterable[Shape]:
    """Somewhere in this column: a dashed one from the ground down with a question mark."""
    half = max((body.half or 0.0) * scale.px, COLUMN_PX / 2)
    x, low = scale.x(body.x), scale.floor - 2
    if body.along:
        x, half = WIDTH - SIDE + COLUMN_PX, COLUMN_PX / 2
    paint = {"fill": VERDICTS["unknown"].fill, "fill-opacity": 0.25, "stroke": _colour(body),
             "stroke-width": 1.4, "stroke-dasharray": "4 3"}  # fmt: skip
    yield _shape("rect", x=x - half, y=scale.y0 + 2, width=2 * half, height=low - scale.y0 - 2, **paint)
    yield _text(x, (scale.y0 + low) / 2 + 5, "?", anchor="middle", fill=palette.INK, size=14, weight=600)


def _trench(body: Body, scale: Scale) -> Iterable[Shape]:
    half, depth = (body.half or _OPEN_M) * scale.px, (body.bottom or 0.0) * scale.px
    paint = {"fill": _colour(body), "fill-opacity": palette.DIG_FILL, "stroke": _colour(body),
             "stroke-width": 1.2, "stroke-dasharray": "5 3"}  # fmt: skip
    yield _shape("rect", x=scale.x(body.x) - half, y=scale.y0, width=2 * half, height=depth, **paint)


def _building(body: Body, scale: Scale) -> Iterable[Shape]:
    """The wall from above the ground down; its foundation ends nobody knows where."""
    x, top, low = scale.x(body.x), 4.0, scale.floor
    yield _shape("rect", x=x, y=top, width=WALL_PX, height=low - top, fill=palette.BUILDING)
    yield _line(x, top, x, low, palette.INK2, 1.4)
    yield _line(x, low, x + WALL_PX, low, palette.INK2, 1.4, dash="3 3")


def _standing(body: Body, scale: Scale) -> Iterable[Shape]:
    x, half = scale.x(body.x), max((body.half or 0.0) * scale.px, 2.0)
    if body.kind == KERB:
        yield _shape(
            "rect", x=x, y=scale.y0 - 6, width=8, height=14, fill=palette.BUILDING, stroke=palette.INK2
        )
        return
    yield _shape("rect", x=x - half, y=4, width=2 * half, height=scale.y0 - 4, fill=palette.INK2)
    if body.kind == TREE:
        start = f"M{_number(x)} {_number(scale.y0)}"
        roots = f"{start}l-14 18{start}v24{start}l14 18"
        yield _shape(
            "path",
            d=roots,
            stroke=palette.INK2,
            fill="none",
            **{"stroke-width": 1.2, "stroke-dasharray": "3 2"},
        )
        yield _shape("circle", cx=x, cy=14, r=12, fill=palette.GREEN, stroke=palette.INK2)


def _dimensions(section: Section, scale: Scale, words: Wording) -> Iterable[Shape]:
    yield _line(4, scale.y0, WIDTH - 4, scale.y0, palette.INK, 2)
    if section.how in (BESIDE, ZONE):
        yield from _across(section, scale, words)
    elif section.how == COVER:
        yield from _down(section, scale, words, 0.0)
    elif section.how == OVER:
        upper = _upper(section)
        if upper is not None:
            yield from _down(section, scale, words, (upper.span() or (0.0, 0.0))[1])


def _across(section: Section, scale: Scale, words: Wording) -> Iterable[Shape]:
    one, other = scale.x(section.bodies[0].right), scale.x(section.bodies[1].left)
    y = scale.floor + 14
    if section.measured is not None:
        for x in (one, other):
            yield _line(x, scale.y0, x, y, palette.INK, 0.8, dash="2 2")
        yield from _measure(one, y, other, y, 1.6)
        yield _text((one + other) / 2, y - 5, f"{_measured(section)} m", anchor="middle", weight=700, size=12)
    if section.required:
        y += 18
        start = other - section.required * scale.px
        yield from _measure(start, y, other, y, 1.0)
        told = words("section.required", value=f"{section.required:.2f}")
        if other + ROOM_PX > WIDTH:
            yield _text((start + other) / 2, y + 4, told, anchor="middle")
        else:
            yield _text(other + 6, y + 4, told)


def _down(section: Section, scale: Scale, words: Wording, start: float) -> Iterable[Shape]:
    """Dimensions from a depth downwards, beside what is in the middle."""
    x = scale.x(0.0) + 34
    if section.measured is not None:
        low = scale.y(start + section.measured)
        yield from _measure(x + 5, scale.y(start), x + 5, low, 1.6)
        yield _text(x + 11, (scale.y(start) + low) / 2 + 4, f"{_measured(section)} m", weight=700, size=12)
    if section.required:
        low, x = scale.y(start + section.required), x - 73
        yield from _measure(x, scale.y(start), x, low, 1.0)
        yield _text(x - 5, low + 3, words("section.required", value=f"{section.required:.2f}"), anchor="end")


def _measure(x1: float, y1: float, x2: float, y2: float, width: float) -> Iterable[Shape]:
    yield _line(x1, y1, x2, y2, palette.INK, width)
    dx, dy = (0.0, 4.0) if y1 == y2 else (4.0, 0.0)
    for x, y in ((x1, y1), (x2, y2)):
        yield _line(x - dx, y - dy, x + dx, y + dy, palette.INK, width)


def _labels(section: Section, scale: Scale) -> Iterable[Shape]:
    """Names at the edges, the first left and the second right, at the height of what they name."""
    for place, body in enumerate(section.bodies):
        x, anchor = (6.0, "start") if place == 0 else (WIDTH - 6, "end")
        y = min(max(_label_y(section, place, scale), scale.y0 + 14), scale.floor - 4 - 14 * len(body.notes))
        yield _text(x, y, body.code, anchor=anchor, weight=600, size=12, fill=_text_colour(body))
        for line, note in enumerate(body.notes, start=1):
            yield _text(x, y + 14 * line, note, anchor=anchor, fill=palette.INK2)


def _label_y(section: Section, place: int, scale: Scale) -> float:
    body = section.bodies[place]
    span = body.span()
    if span is None or body.kind != LINE:
        return scale.y0 + 34 + 30 * place
    if section.how != OVER or _upper(section) is None:
        return scale.y(sum(span) / 2)
    band = section.bodies[1].span() or span
    if body is _upper(section):
        return scale.y(min(span[0], band[0])) - 20
    return scale.y(max(span[1], band[1])) + 15


def _measured(section: Section) -> str:
    """Two decimals; one where another's figure is not told more exactly."""
    told = any(body.hidden for body in section.bodies)
    return f"{section.measured or 0.0:.{1 if told else 2}f}"


def _colour(body: Body) -> str:
    return LINES[body.style].line if body.style else palette.INK2


def _text_colour(body: Body) -> str:
    return LINES[body.style].text if body.style else palette.INK


def _shape(tag: str, **attributes: Any) -> Shape:
    given = {
        name: _number(value) if isinstance(value, float) else value for name, value in attributes.items()
    }
    return {"tag": tag, "attributes": given, "text": ""}


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float, dash: str = "") -> Shape:
    dashed = {"stroke-dasharray": dash} if dash else {}
    return _shape("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=colour, **{"stroke-width": width}, **dashed)


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    fill: str = palette.INK,
    size: int = 11,
    weight: int = 400,
) -> Shape:
    halo = {"stroke": palette.SURFACE, "stroke-width": 3, "stroke-linejoin": "round", "paint-order": "stroke"}
    about = {"text-anchor": anchor, "font-size": size, "font-weight": weight, "fill": fill}
    return {**_shape("text", x=x, y=y, **about, **halo), "text": text}


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
