"""Protection zones: digs near a gas line or a power cable of somebody else without that owner's consent."""

import numpy as np
import pandas as pd

from geo.coordination.chains import Floats
from geo.coordination.classes import GROUPS
from geo.coordination.findings import NOTHING, Rows, draft
from geo.coordination.pairs import Traits, near_pairs
from geo.coordination.parameters import Parameters
from geo.coordination.stretches import stretches
from geo.coordination.tables import Table, table
from geo.coordination.things import Things, given
from geo.coordination.trenches import Trenches
from geo.shapes import spots
from geo.vocabulary import FindingKind, Verdict


def find_zones(
    things: Things, digs: Trenches, consents: pd.DataFrame | Table | None, parameters: Parameters
) -> Rows:
    """Kind 11. ``measured``: from the edge of the trench to the outer wall of the line, ``required`` the
    zone.

    ``consents`` has the columns dig and line: what the owner of the line has agreed to, counted as a pass. A
    line counts while it is in service, and one that the dig itself replaces does not.
    """
    zone = zone_widths(parameters)
    rows = np.flatnonzero(things.is_line & ~things.planned & (zone[things.group] > 0))
    if not len(rows) or not len(digs):
        return NOTHING
    most = zone[things.group[rows]] + np.nan_to_num(things.half[rows])
    dig, place = near_pairs(
        digs.chains, things.chains.take(rows), 0.0,
        traits_a=Traits(margin=digs.half), traits_b=Traits(margin=most),
    )  # fmt: skip
    line, reach = rows[place], most[place] + digs.half[dig]
    known = given(digs.owner[dig])
    own = known & (digs.owner[dig] == things.owner[line])
    own |= (digs.replaces[dig] == things.ids[line]) | (things.gone[line] < digs.start[dig])
    dig, line, reach = dig[~own], line[~own], reach[~own]
    found = stretches(digs.chains, things.chains, dig, line, reach)
    agreed = _agreed(digs.ids[dig], things.ids[line], table(consents, "consents"))
    width = zone[things.group[line]]
    columns = {
        **digs.describe(dig),
        "thing_b": lambda at: things.ids[line[at]],
        "layer_b": "lines",
        "owner_b": lambda at: things.owner[line[at]],
        "class_b": lambda at: things.label_groups(line[at]),
        "rule": "zone",
        "verdict": np.where(agreed, str(Verdict.PASS), str(Verdict.FAIL)).astype(object),
        "unit": "m",
        "measured": np.maximum(found.least - (reach - width), 0.0),
        "required": width,
        "provenance": np.where(_is_power(things, line), "secondary", "unverified"),
        "reference": "",
        "length_m": found.length,
        "worst": lambda at: spots(found.worst[at]),
        "geometry": found.geometry,
    }
    near = found.least < reach - parameters.tolerance_m
    return draft(FindingKind.PROTECTION, columns, len(dig)).where(near)


def zone_widths(parameters: Parameters) -> Floats:
    """Zone to each side by group of classes, the widest that the line may have; 0 for none."""
    return np.array(
        [
            max(parameters.zones_m.get(code, 0.0) for code in group) if len(group) < 6 else 0.0
            for group in GROUPS
        ]
    )


def _is_power(things: Things, line: np.ndarray) -> np.ndarray:
    power = np.array([any(code.startswith("E") for code in group) for group in GROUPS])
    return np.asarray(power[things.group[line]])


def _agreed(digs: np.ndarray, lines: np.ndarray, consents: Table) -> np.ndarray:
    if not len(consents) or not len(digs):
        return np.zeros(len(digs), dtype=bool)
    known = set(zip(consents.texts("dig"), consents.texts("line"), strict=True))
    return np.array([pair in known for pair in zip(digs, lines, strict=True)], dtype=bool)
