"""One truth for colour, dash, hatch and order, on screen and on paper."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from geo.kinds import kinds
from geo.vocabulary import LineState, Stage, Utility

PAPER = "#FAF9F5"
GROUND = "#EFEDE5"
OUTSIDE = "#E4E1D7"
SURFACE = "#FFFFFF"
FIELD = "#F4F2EC"
RULE = "#DDD9CE"
RULE2 = "#B7B2A4"
INK = "#16211F"
INK2 = "#47514F"
INK3 = "#616A67"
FIELD_BORDER = "#7C8380"
ACCENT = "#1B55A6"
ACCENT_TINT = "#E8EEF7"
WATER = "#C9D6D8"
GREEN = "#E2E8D9"
BUILDING = "#DCD8CC"
WHITE = "#FFFFFF"
"""White text and buildings on the two dark stages."""

FONTS = '"PingFang SC","Microsoft YaHei UI","Source Han Sans SC","Noto Sans CJK SC",system-ui,sans-serif'

NEUTRALS: Mapping[str, str] = MappingProxyType(
    {
        "paper": PAPER,
        "ground": GROUND,
        "outside": OUTSIDE,
        "surface": SURFACE,
        "field": FIELD,
        "rule": RULE,
        "rule2": RULE2,
        "ink": INK,
        "ink2": INK2,
        "ink3": INK3,
        "field_border": FIELD_BORDER,
        "accent": ACCENT,
        "accent_tint": ACCENT_TINT,
        "water": WATER,
        "green": GREEN,
        "building": BUILDING,
    }
)


@dataclass(frozen=True)
class StageColour:
    """Fill of a stage and the colour of text on it."""

    fill: str
    text: str

    @property
    def dark(self) -> bool:
        """Whether buildings on it are white."""
        return self.text == WHITE


@dataclass(frozen=True)
class LineColour:
    """Colour of the stroke, and of its code and of everything in print."""

    line: str
    text: str


@dataclass(frozen=True)
class VerdictMark:
    """Shape, fill, edge and number of a pin; ``dashed`` is the edge, ``halo`` the opacity of the stretch."""

    fill: str
    shape: str
    text: str
    edge_px: float
    dashed: bool
    halo: float


STAGES: Mapping[Stage, StageColour] = MappingProxyType(
    {
        Stage.SURVEY: StageColour("#EEE1C8", INK),
        Stage.SELECTION: StageColour("#CBCA7F", INK),
        Stage.PREPARATION: StageColour("#94B490", INK),
        Stage.RENOVATION: StageColour("#519F9B", INK),
        Stage.ACCEPTANCE: StageColour("#0D6A89", WHITE),
        Stage.LONG_TERM: StageColour("#17415E", WHITE),
    }
)

UNKNOWN_LINE = "BM"
ABANDONED_LINE = "FQ"

LINES: Mapping[str, LineColour] = MappingProxyType(
    {
        "JS": LineColour("#0A84B8", "#076892"),
        "PS": LineColour("#4B3018", "#4B3018"),
        "RQ": LineColour("#DB1FA0", "#B5127F"),
        "RL": LineColour("#D06A12", "#A04C05"),
        "DL": LineColour("#CB2A30", "#B01F27"),
        "TX": LineColour("#2B9A5C", "#1C7443"),
        UNKNOWN_LINE: LineColour("#5A2E9E", "#5A2E9E"),
        "GY": LineColour("#1D2324", "#1D2324"),
        "QT": LineColour("#1D2324", "#1D2324"),
        ABANDONED_LINE: LineColour("#8A8D8C", "#616A67"),
    }
)
"""By style code, in the order of the legend."""

VERDICTS: Mapping[str, VerdictMark] = MappingProxyType(
    {
        "fail": VerdictMark("#FFC400", "diamond", INK, 1.8, False, 0.8),
        "needs_review": VerdictMark("#FFF0B8", "diamond", INK, 1.8, True, 1.0),
        "unknown": VerdictMark("#A3ABAF", "square", INK, 1.8, False, 0.0),
        "opportunity": VerdictMark("#00756B", "disc", WHITE, 0.0, False, 0.3),
    }
)


@dataclass(frozen=True)
class Stroke:
    """A stroke on screen, CSS px: its width and its dash (empty when solid)."""

    width: float
    dash: tuple[float, ...] = ()


@dataclass(frozen=True)
class Hatch:
    """Parallel lines over the fill of a late community: degrees, CSS px."""

    angle_deg: float = 45.0
    width: float = 1.3
    every: float = 6.0


HATCH = Hatch()
CASING_PX = 1.2
"""Paper on each side of every line."""
CROSS_EVERY_PX = 32.0
"""× along a line that is or will be abandoned."""

STROKES: Mapping[str, Stroke] = MappingProxyType(
    {
        "line": Stroke(2.0),
        "trunk": Stroke(2.6),
        "street_light": Stroke(1.2),
        "house_connection": Stroke(1.1),
        "planned": Stroke(2.0, (9, 5)),
        "town": Stroke(1.4, (10, 4, 2, 4)),
        "community": Stroke(0.8),
        "late": Stroke(2.2),
        "hover": Stroke(2.0),
        "selected": Stroke(3.0),
        "site": Stroke(1.6),
        "building": Stroke(1.1),
        "dig": Stroke(0.8),
    }
)

BUILDING_ON_LIGHT, BUILDING_ON_DARK = 0.74, 0.82
"""Opacity of ink and of white buildings on the stage's fill."""
DIG_FILL = 0.13
DIMMED = 0.35

ORDER = (
    "ground",
    "green",
    "water",
    "streets",
    "towns",
    "communities",
    "buildings",
    "digs",
    "halos",
    "lines",
    "nodes",
    "codes",
    "names",
    "pins",
    "selection",
)
"""Bottom up, on screen and on paper."""

_WAY_OUT = frozenset({LineState.TO_ABANDON, LineState.ABANDONED, LineState.REMOVED})


def css_tokens() -> str:
    """A ``:root`` rule with every colour as a custom property, one per line.

    Stages, styles and verdicts keep their code: ``--stage-long_term``, ``--line-JS-text``.
    """
    tokens = {name.replace("_", "-"): colour for name, colour in NEUTRALS.items()}
    tokens["white"] = WHITE
    for stage, paint in STAGES.items():
        tokens |= {f"stage-{stage}": paint.fill, f"stage-{stage}-text": paint.text}
    for style, stroke in LINES.items():
        tokens |= {f"line-{style}": stroke.line, f"line-{style}-text": stroke.text}
    for verdict, mark in VERDICTS.items():
        tokens |= {f"verdict-{verdict}": mark.fill, f"verdict-{verdict}-text": mark.text}
    tokens["font"] = FONTS
    return ":root{\n" + "".join(f"--{name}:{value};\n" for name, value in tokens.items()) + "}\n"


def for_browser() -> dict[str, Any]:
    """The ``palette`` of the map's payload (``docs/map-payload.md``)."""
    return {
        "stages": {str(stage): {"fill": paint.fill, "text": paint.text} for stage, paint in STAGES.items()},
        "lines": {style: {"line": paint.line, "text": paint.text} for style, paint in LINES.items()},
        "neutrals": dict(NEUTRALS),
        "verdicts": {
            verdict: {"fill": mark.fill, "text": mark.text, "shape": mark.shape, "dashed": mark.dashed}
            for verdict, mark in VERDICTS.items()
        },
    }


def line_styles(utility: pd.Series, kind: pd.Series, state: pd.Series | None = None) -> pd.Series:
    """Style code of each row: the group's letters, ``BM`` where unknown, ``FQ`` where on its way out.

    A line that is to be abandoned, is abandoned or is removed is ``FQ`` whatever it carries.
    """
    styles = utility.where(utility.isin([str(group) for group in Utility]), UNKNOWN_LINE)
    styles = styles.mask((kind == UNKNOWN_LINE).fillna(False).astype(bool), UNKNOWN_LINE)
    if state is not None:
        styles = styles.mask(state.isin([str(way_out) for way_out in _WAY_OUT]), ABANDONED_LINE)
    return styles.astype("string")


def line_style(utility: str | None, kind: str | None = None, state: str | None = None) -> str:
    """``line_styles`` of one line."""
    one = [pd.Series([value], dtype="string") for value in (utility, kind, state)]
    return str(line_styles(*one).iloc[0])


def line_codes(utility: pd.Series, kind: pd.Series) -> pd.Series:
    """Letter code shown along each line: that of its kind (``WS``, ``LD``) where it is one that changes how
    the line is read, else that of its group; ``BM`` where unknown.
    """
    shown = pd.Series(np.asarray(line_styles(utility, kind)), index=utility.index, dtype="string")
    own = kind.isin(SHOWN_KINDS) & (kind.map(_groups()) == utility).fillna(False)
    return shown.mask(own.fillna(False).astype(bool), kind).astype("string")


def line_code(utility: str | None, kind: str | None = None) -> str:
    """``line_codes`` of one line."""
    one = [pd.Series([value], dtype="string") for value in (utility, kind)]
    return str(line_codes(*one).iloc[0])


SHOWN_KINDS = ("WS", "YS", "HS", "LD")
"""Kinds that are told apart from others of their group on the map."""


def _groups() -> dict[str, str]:
    return {code: str(kind.utility) for code, kind in kinds().items()}
