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
    metre; the ``*_role`` are what stands at a node; ``along`` and ``across`` are the distances in metres of
    the row main from the wall that it serves and of the spine main from the middle of the spine lane.
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
    street: float
    trunk_class: str | None = None
    slope: float = 0.0
    pressure: float | None = None
    voltage: float | None = None
    holes: int | None = None
    cables: int | None = None
    note: str | None = None
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


_HEAT_PAIR = {
    80: Size("DN80", 480, 160, 80),
    150: Size("DN150", 700, 250, 150),
    200: Size("DN200", 830, 315, 200),
}

FABRICS: dict[str, Fabric] = {
    "water": Fabric(
        Utility.WATER,
        "JP",
        "JS",
        "own-water",
        "W1",
        (pipe(100, 118), pipe(150, 170), pipe(200, 222)),
        pipe(50, 63),
        pipe(200, 222),
        ("QM", "PE", "ZT"),
        "ZM",
        1.35,
        7.1,
        -3.6,
        3.6,
        pressure=0.3,
    ),
    "foul": Fabric(
        Utility.DRAINAGE,
        "WS",
        "WS",
        "own-drainage",
        "S",
        (pipe(300, 360),),
        pipe(160, 160),
        pipe(400, 480),
        ("T", "PVC"),
        "ZM",
        1.35,
        3.3,
        -1.7,
        1.4,
        slope=0.004,
        tee_role=CHAMBER,
        hub_role=CHAMBER,
        gate_role=CHAMBER,
        end_role=CHAMBER,
    ),
    "storm": Fabric(
        Utility.DRAINAGE,
        "YS",
        "YS",
        "own-drainage",
        "S",
        (pipe(400, 480),),
        pipe(200, 240),
        pipe(600, 720),
        ("T",),
        "ZM",
        1.25,
        0.0,
        -0.2,
        -1.4,
        slope=0.003,
        tee_role=GRATE,
        hub_role=CHAMBER,
        gate_role=CHAMBER,
        end_role=CHAMBER,
    ),
    "gas": Fabric(
        Utility.GAS,
        "TR",
        "RQ",
        "own-gas",
        "G0",
        (pipe(90, 90), pipe(110, 110)),
        pipe(63, 63),
        pipe(160, 160),
        ("PE",),
        "ZM",
        1.0,
        5.4,
        4.6,
        -3.8,
        trunk_class="G1",
        pressure=0.003,
    ),
    "heat": Fabric(
        Utility.HEAT,
        "RS",
        "RL",
        "own-heat",
        "H",
        (_HEAT_PAIR[150], _HEAT_PAIR[200]),
        _HEAT_PAIR[80],
        _HEAT_PAIR[200],
        ("G",),
        "ZM",
        1.15,
        3.2,
        0.0,
        -2.6,
        pressure=0.8,
    ),
    "feeder": Fabric(
        Utility.POWER,
        "GD",
        "DL",
        "own-power",
        "E2",
        (duct(300, 150),),
        duct(150, 150),
        duct(450, 300),
        ("PVC",),
        "GM",
        0.85,
        0.0,
        3.3,
        5.0,
        voltage=10.0,
        cables=2,
        holes=4,
        tee_role=STRAIGHT,
        hub_role=BEND,
        gate_role=HAND_HOLE,
        end_role=HAND_HOLE,
    ),
    "power": Fabric(
        Utility.POWER,
        "GD",
        "DL",
        "own-power",
        "E1",
        (cable(80), cable(60)),
        cable(40),
        cable(80),
        ("TZ",),
        "ZM",
        0.75,
        7.4,
        3.9,
        0.0,
        voltage=0.4,
        cables=2,
    ),
    "light": Fabric(
        Utility.POWER,
        "LD",
        "LD",
        "own-light",
        "E1",
        (cable(30),),
        cable(30),
        cable(30),
        ("TZ",),
        "ZM",
        0.6,
        9.6,
        5.4,
        0.0,
        voltage=0.4,
        cables=1,
        tee_role=LAMP,
        hub_role=BEND,
    ),
    "telecom": Fabric(
        Utility.TELECOM,
        "XX",
        "TX",
        "own-telecom",
        "T2",
        (duct(220, 220),),
        duct(110, 110),
        duct(330, 220),
        ("PVC",),
        "GM",
        0.8,
        8.6,
        2.0,
        -5.0,
        holes=4,
        tee_role=HAND_HOLE,
        hub_role=HAND_HOLE,
        gate_role=HAND_HOLE,
        end_role=HAND_HOLE,
    ),
}
