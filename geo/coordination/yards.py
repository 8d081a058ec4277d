"""What adds up in one community: many small digs of one owner, and every gate blocked on one day."""

import numpy as np
import pandas as pd
import shapely

from geo.coordination.findings import NOTHING, Rows, draft, joined
from geo.coordination.parameters import Parameters
from geo.coordination.things import dates_of, given, texts
from geo.coordination.trenches import Trenches
from geo.vocabulary import FindingKind, GroundKind, Verdict

GATES = "gates"


def find_many_digs(digs: Trenches, parameters: Parameters) -> Rows:
    """Kind 10: small digs of one owner in one community whose number and length reach the thresholds.

    ``measured`` is their length together in metres; thing_a is the owner, thing_b the community.
    """
    length = shapely.length(digs.path)
    small = length <= digs.figures("small_dig_m", parameters)
    known = given(digs.owner) & given(digs.community)
    rows = np.flatnonzero(small & known)
    table = pd.DataFrame(
        {"owner": digs.owner[rows], "community": digs.community[rows], "row": rows, "length": length[rows]}
    )
    out = []
    for (owner, community), part in table.groupby(["owner", "community"], sort=True):
        total = float(part["length"].sum())
        if len(part) < parameters.of_owner("small_digs", str(owner)):
            continue
        limit = float(parameters.of_owner("small_digs_total_m", str(owner)))
        if total >= limit:
            out.append(_many(digs, str(owner), str(community), part["row"].to_numpy(), total, limit))
    return joined(out)


def _many(digs: Trenches, owner: str, community: str, rows: np.ndarray, total: float, limit: float) -> Rows:
    shape = shapely.multilinestrings(shapely.get_parts(digs.path[rows]).tolist())
    dated = rows[digs.dated[rows]]
    window = (
        dates_of(np.array([digs.start[dated].min(), digs.end[dated].max()]))
        if len(dated)
        else [pd.NaT, pd.NaT]
    )
    columns = {
        "verdict": str(Verdict.NEEDS_REVIEW),
        "thing_a": owner,
        "thing_b": community,
        "layer_a": "owners",
        "layer_b": "communities",
        "owner_a": owner,
        "community": community,
        "unit": "m",
        "measured": total,
        "required": limit,
        "provenance": "parameter",
        "reason": str(len(rows)),
        "length_m": total,
        "window_start": np.array([window[0]]),
        "window_end": np.array([window[1]]),
        "worst": np.array([shapely.centroid(shape)], dtype=object),
        "geometry": np.array([shape], dtype=object),
    }
    return draft(FindingKind.MANY_DIGS, columns, 1)


def find_blocked_gates(digs: Trenches, ground: pd.DataFrame | None, parameters: Parameters) -> Rows:
    """Kind 5, rule ``gates``: days on which open trenches block every gate of a community.

    ``measured`` is the number of such days; thing_a is the community.
    """
    if ground is None or ground.empty or not len(digs):
        return NOTHING
    gates = ground[
        (ground["kind"] == GroundKind.GATE).to_numpy(dtype=bool) & ground["community"].notna().to_numpy()
    ]
    if gates.empty:
        return NOTHING
    shapes = np.asarray(gates["geometry"].array, dtype=object)
    width = gates["width_m"].to_numpy(dtype=np.float64, na_value=np.nan)
    reach = np.where(np.isnan(width), parameters.gate_m, np.maximum(width / 2, 0.5))
    tree = shapely.STRtree(digs.path)
    gate, dig = tree.query(shapes, predicate="dwithin", distance=reach + digs.half.max(initial=0.0))
    near = shapely.distance(shapes[gate], digs.path[dig]) <= reach[gate] + digs.half[dig]
    met = pd.DataFrame({"community": texts(gates, "community")[gate], "gate": gate, "dig": dig})[
        near & digs.dated[dig]
    ]
    all_gates = pd.Series(texts(gates, "community")).value_counts()
    out = []
    for community, part in met.groupby("community", sort=True):
        if part["gate"].nunique() == all_gates[community]:
            out += _blocked(digs, str(community), part, shapes)
    return joined(out)


def _blocked(digs: Trenches, community: str, part: pd.DataFrame, shapes: np.ndarray) -> list[Rows]:
    first, last = int(digs.start[part["dig"]].min()), int(digs.end[part["dig"]].max())
    days = np.arange(first, last + 1)
    shut = np.ones(len(days), dtype=bool)
    for _, rows in part.groupby("gate"):
        low, high = digs.start[rows["dig"]][:, None], digs.end[rows["dig"]][:, None]
        shut &= ((days >= low) & (days <= high)).any(axis=0)
    if not shut.any():
        return []
    window = dates_of(days[shut][[0, -1]])
    spots = shapely.centroid(shapes[part["gate"].unique()])
    columns = {
        "rule": GATES,
        "verdict": str(Verdict.NEEDS_REVIEW),
        "thing_a": community,
        "layer_a": "communities",
        "community": community,
        "unit": "d",
        "measured": float(shut.sum()),
        "required": 0.0,
        "provenance": "parameter",
        "reason": ",".join(sorted(map(str, digs.ids[part["dig"].unique()]))),
        "window_start": window[:1],
        "window_end": window[1:],
        "worst": spots[:1],
        "geometry": np.array([shapely.multipoints(spots.tolist())], dtype=object),
    }
    return [draft(FindingKind.SAME_DAYS, columns, 1)]
