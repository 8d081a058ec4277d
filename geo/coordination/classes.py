"""The class of a line in the clearance tables, derived from kind, size, pressure, voltage and laying."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from geo.coordination.chains import Bools, Ints
from geo.coordination.tables import Table, Texts, among, numbered, table
from geo.vocabulary import GroundKind, Utility

WATER, GAS = ("W1", "W2"), ("G0", "G1", "G2", "G3", "G4")
POWER, TELECOM = ("E1", "E2"), ("T1", "T2")
LINES = (*WATER, "S", "R", *GAS, "H", *POWER, *TELECOM, "C")
BESIDE = ("B", "TR", "SH", "P1", "P2", "P3", "K", "TM", "RW", "culvert base")
SINGLES = (*LINES, *BESIDE)

# What a line may be: one class, or all that its missing attributes leave open.
GROUPS: tuple[tuple[str, ...], ...] = (
    *((code,) for code in SINGLES), WATER, GAS, POWER, TELECOM, LINES,
    (*WATER, "R"), ("H", "C"), ("S", "C"), (*POWER, "C"), (*TELECOM, "C"), GAS[:3], GAS[3:],
)  # fmt: skip
_PLACE = {group: place for place, group in enumerate(GROUPS)}
UNKNOWN = _PLACE[LINES]

GROUND_CLASS = {GroundKind.TREE: "TR", GroundKind.POLE: "P1", GroundKind.KERB: "K"}

SMALL_WATER_MM = 200.0
GAS_STEPS_MPA = (0.01, 0.2, 0.4, 0.8, 1.6)
DIRECT = ("ZM",)
IN_DUCT = ("GM", "GK", "DG")
CHANNEL = ("GG", "ZH", "XTD", "RF")
RECLAIMED = "ZS"

# above the ground: no clearance below it
OVERHEAD = ("JK", "DM", "SJ")


def place_of(group: Sequence[str]) -> int:
    """The code of a group of classes."""
    return _PLACE[tuple(group)]


def label(code: int) -> str:
    """How a group is written: its class, or the classes that it may be, such as ``G0|G1|G2``."""
    return "|".join(GROUPS[code])


def line_groups(lines: pd.DataFrame | Table) -> Ints:
    """The group (place in ``GROUPS``) of every row of ``lines``.

    A stated ``line_class`` is believed when it is a class of lines; else it is derived. Water by nominal
    diameter (W1 up to 200 mm), gas by pressure, power and telecom by how they are laid, heat and drains by
    channel or not. What cannot be derived leaves every class open that it may be.
    """
    rows = table(lines, "lines")
    known = {code: _PLACE[(code,)] for code in LINES}
    out = numbered(rows.texts("line_class"), known)
    open_ = out < 0
    if open_.any():
        out[open_] = _derived(rows.take(open_))
    return out


def _derived(lines: Table) -> Ints:
    utility, kind, laying = _texts(lines, "utility"), _texts(lines, "kind"), _texts(lines, "laying")
    channel, laid = among(laying, CHANNEL), laying != ""
    out = np.full(len(lines), UNKNOWN, dtype=np.int64)
    out[utility == Utility.WATER] = _water(lines, kind, utility == Utility.WATER)
    drains, heat = utility == Utility.DRAINAGE, utility == Utility.HEAT
    out[drains] = place_of(("S",))
    out[heat] = np.where(laid, place_of(("H",)), place_of(("H", "C")))[heat]
    out[heat & channel] = place_of(("C",))
    out[utility == Utility.GAS] = _gas(lines, utility == Utility.GAS)
    for name, both, direct, duct in (
        (Utility.POWER, POWER, "E1", "E2"),
        (Utility.TELECOM, TELECOM, "T1", "T2"),
    ):
        mine = utility == name
        out[mine] = place_of((*both, "C"))
        out[mine & among(laying, DIRECT)] = place_of((direct,))
        out[mine & among(laying, IN_DUCT)] = place_of((duct,))
        out[mine & channel] = place_of(("C",))
    out[(utility == Utility.OTHER) & channel] = place_of(("C",))
    return out


def _water(lines: Table, kind: Texts, mine: Bools) -> Ints:
    size = lines.reals("nominal_diameter_mm")[mine]
    out = np.where(size <= SMALL_WATER_MM, place_of(("W1",)), place_of(("W2",)))
    out = np.where(np.isnan(size), place_of(WATER), out)
    out = np.where((kind[mine] == "") & np.isnan(size), place_of((*WATER, "R")), out)
    return np.where(kind[mine] == RECLAIMED, place_of(("R",)), out)


def _gas(lines: Table, mine: Bools) -> Ints:
    pressure = lines.reals("pressure_mpa")[mine]
    step = np.digitize(pressure, GAS_STEPS_MPA[:1]) + np.digitize(pressure, GAS_STEPS_MPA[1:], right=True)
    codes = np.array([*(place_of((code,)) for code in GAS), place_of(GAS)])
    # above 1.6 MPa the tables end: every class stays open
    return np.asarray(codes[np.where(np.isnan(pressure) | (step > 4), 5, np.minimum(step, 4))])


def ground_groups(ground: Table) -> Ints:
    """The group of every row of ``ground``, or -1 where no clearance is measured to it."""
    codes = {str(kind): place_of((code,)) for kind, code in GROUND_CLASS.items()}
    return numbered(ground.texts("kind"), codes)


def overhead(lines: Table) -> Bools:
    """Lines above the ground, to which no clearance below it applies."""
    return among(lines.texts("laying"), OVERHEAD)


def _texts(rows: Table, column: str) -> Texts:
    values = rows.texts(column)
    return np.where(pd.isna(values), "", values).astype(object)
