"""What the sample's lines are made of: one entry per kind with its sizes, materials, depth and place."""

from dataclasses import dataclass

from geo.sample.words import BEND, CHAMBER, CROSS, END, ENTRY, GRATE, HAND_HOLE, LAMP, STRAIGHT, TEE, VALVE
from geo.vocabulary import Utility


@dataclass(frozen=True)
class Size:
    """A size as it is written and as it is outside, in mm; ``nominal`` is None for ducts and cables."""

    text: str
    width: float
    height: float
    nominal: float | None = None


@dataclass(frozen=True)
class Fabric:
    """One kind of line.

    ``depth`` is the usual depth in metres (top, or invert for drains); ``slope`` the fall of a drain per
    metre; the ``*_role`` are what stands at a node. ``along`` is the distance in metres of the row main from
    the wall that it serves; ``across`` that of the spine main from the middle of a lane between two rows of
    walls, ``beside`` from the wall of a lane with walls on one side only; ``street`` from the middle of the
    street. ``tube`` is what its cables lie in where a courtyard was dug up of late.
    """

    utility: Utility
    kind: str
    prefix: str
    owner: str
    line_class: str
    main: tuple[Size, ...]
    house: Size
    trunk: Size
    materials: tuple[str, ...]
    laying: str
    depth: float
    along: float
    across: float
    beside: float
    street: float
    trunk_class: str | None = None
    slope: float = 0.0
    pressure: float | None = None
    voltage: float | None = None
    holes: int | None = None
    cables: int | None = None
    tube: Size | None = None
    tee_role: str = TEE
    hub_role: str = CROSS
    gate_role: str = VALVE
    end_role: str = END


FEATURES = frozenset({TEE, CROSS, BEND, ENTRY, END, STRAIGHT})


def pipe(nominal: float, outer: float) -> Size:
    return Size(f"DN{nominal:.0f}", outer, outer, nominal)


def cable(outer: float) -> Size:
    return Size(f"{outer:.0f}", outer, outer)


def duct(width: float, height: float) -> Size:
    return Size(f"{width:.0f}X{height:.0f}", width, height)


def tube(outer: float) -> Size:
    return Size(f"DN{outer:.0f}", outer, outer, outer)


_HEAT_PAIR = {
    80: Size("DN80", 480, 160, 80),
    150: Size("DN150", 700, 250, 150),
    200: Size("DN200", 830, 315, 200),
}

# From a wall outward the lines stand in the order of GB 50289 clause 4.1.4 (power, telecom, drains, water,
# gas, heat), from the surface down in that of clause 4.1.12, as far apart as its tables ask of new lines.
FABRICS: dict[str, Fabric] = {
    "water": Fabric(
        Utility.WATER, "JP", "JS", "own-water", "W1",
        main=(pipe(100, 118), pipe(150, 170)), house=pipe(50, 63), trunk=pipe(200, 222),
        materials=("QM", "PE", "ZT"), laying="ZM", depth=1.68, pressure=0.3,
        along=4.2, across=3.64, beside=5.6, street=3.6,
    ),
    "foul": Fabric(
        Utility.DRAINAGE, "WS", "WS", "own-drainage", "S",
        main=(pipe(300, 360),), house=pipe(160, 160), trunk=pipe(400, 480),
        materials=("T", "PVC"), laying="ZM", depth=2.7, slope=0.004,
        along=2.9, across=-3.55, beside=3.4, street=1.4,
        tee_role=CHAMBER, hub_role=CHAMBER, gate_role=CHAMBER, end_role=CHAMBER,
    ),
    "storm": Fabric(
        Utility.DRAINAGE, "YS", "YS", "own-drainage", "S",
        main=(pipe(400, 480),), house=pipe(200, 240), trunk=pipe(500, 600),
        materials=("T",), laying="ZM", depth=2.83, slope=0.003,
        along=0.0, across=-2.25, beside=4.2, street=-1.4,
        tee_role=GRATE, hub_role=CHAMBER, gate_role=CHAMBER, end_role=CHAMBER,
    ),
    "gas": Fabric(
        Utility.GAS, "TR", "RQ", "own-gas", "G0",
        main=(pipe(90, 90), pipe(110, 110)), house=pipe(63, 63), trunk=pipe(160, 160),
        materials=("PE",), laying="ZM", depth=1.34, trunk_class="G1", pressure=0.003,
        along=5.0, across=2.8, beside=6.3, street=-3.6,
    ),
    "heat": Fabric(
        Utility.HEAT, "RS", "RL", "own-heat", "H",
        main=(_HEAT_PAIR[150], _HEAT_PAIR[200]), house=_HEAT_PAIR[80], trunk=_HEAT_PAIR[200],
        materials=("G",), laying="ZM", depth=1.64, pressure=0.8,
        along=6.6, across=0.0, beside=0.0, street=-2.6,
    ),
    "feeder": Fabric(
        Utility.POWER, "GD", "DL", "own-power", "E2",
        main=(duct(300, 150),), house=duct(150, 150), trunk=duct(300, 150),
        materials=("PVC",), laying="GM", depth=1.01, voltage=10.0, cables=2, holes=4,
        along=0.0, across=-5.62, beside=1.25, street=5.0,
        tee_role=STRAIGHT, hub_role=BEND, gate_role=HAND_HOLE, end_role=HAND_HOLE,
    ),
    "power": Fabric(
        Utility.POWER, "GD", "DL", "own-power", "E1",
        main=(cable(80), cable(60)), house=cable(40), trunk=cable(80),
        materials=("TZ",), laying="ZM", depth=1.01, voltage=0.4, cables=2, tube=tube(110),
        along=1.2, across=-5.84, beside=0.95, street=0.0,
    ),
    "light": Fabric(
        Utility.POWER, "LD", "LD", "own-light", "E1",
        main=(cable(30),), house=cable(30), trunk=cable(30),
        materials=("TZ",), laying="ZM", depth=0.99, voltage=0.4, cables=1, tube=tube(50),
        along=14.9, across=5.8, beside=0.7, street=0.0,
        tee_role=LAMP, hub_role=BEND,
    ),
    "telecom": Fabric(
        Utility.TELECOM, "XX", "TX", "own-telecom", "T2",
        main=(duct(220, 110),), house=duct(110, 110), trunk=duct(330, 110),
        materials=("PVC",), laying="GM", depth=0.6, holes=4,
        along=2.2, across=-4.86, beside=2.1, street=-5.2,
        tee_role=HAND_HOLE, hub_role=HAND_HOLE, gate_role=HAND_HOLE, end_role=HAND_HOLE,
    ),
}  # fmt: skip
