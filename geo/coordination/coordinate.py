"""Every finding of a district: all rules over its frames, whole or only what an edit can have changed."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from geo.coordination.clearance import find_horizontal, near_things, touching
from geo.coordination.cover import find_cover
from geo.coordination.crossings import find_vertical
from geo.coordination.digs import find_dug_twice, find_opportunities, find_same_days, meetings
from geo.coordination.findings import Findings, Rows, collect
from geo.coordination.limits import Limits
from geo.coordination.order import find_narrow_yards, find_order
from geo.coordination.parameters import Parameters
from geo.coordination.paving import find_fresh_paving
from geo.coordination.season import find_season, heating_digs
from geo.coordination.things import texts, things
from geo.coordination.trenches import Trenches, trenches
from geo.coordination.yards import find_blocked_gates, find_many_digs
from geo.coordination.zones import find_zones


def find(frames: Mapping[str, pd.DataFrame], limits: Limits, parameters: Parameters, as_of: date) -> Findings:
    """What the rules say about ``frames`` (layers by name, in one projected CRS) on the day ``as_of``.

    Digs whose window ended before ``as_of`` are done and are no longer judged. Layers that are absent
    count as empty; ``pavings`` and ``consents`` are optional frames, see ``paving`` and ``zones``.
    """
    parts = [*_of_lines(frames, limits, parameters, as_of), *_of_digs(frames, parameters, as_of)]
    return collect(parts, _crs(frames))


def _of_lines(
    frames: Mapping[str, pd.DataFrame], limits: Limits, parameters: Parameters, as_of: date
) -> list[Rows]:
    every = things(frames, parameters)
    near = near_things(every, limits, parameters)
    at = touching(every, near)
    return [
        find_horizontal(every, near, at, limits, parameters),
        find_vertical(every, at, limits, parameters),
        find_cover(every, frames.get("ground"), limits, parameters),
        find_order(every, parameters),
        find_narrow_yards(every, limits, parameters),
        find_zones(every, trenches(frames, as_of), frames.get("consents"), parameters),
    ]


def _of_digs(frames: Mapping[str, pd.DataFrame], parameters: Parameters, as_of: date) -> list[Rows]:
    digs = trenches(frames, as_of)
    met = meetings(digs, parameters)
    return [
        find_dug_twice(digs, met, parameters),
        find_same_days(digs, met, parameters),
        find_opportunities(digs, met, parameters),
        find_blocked_gates(digs, frames.get("ground"), parameters),
        find_fresh_paving(digs, frames, parameters),
        find_season(digs, _heating(digs, frames), parameters),
        find_many_digs(digs, parameters),
    ]


def _heating(digs: Trenches, frames: Mapping[str, pd.DataFrame]) -> np.ndarray:
    lines = frames.get("lines")
    if lines is None or lines.empty:
        return heating_digs(digs, {})
    named = lines[lines["id"].isin([line for line in digs.replaces if line is not None])]
    return heating_digs(digs, dict(zip(texts(named, "id"), texts(named, "utility"), strict=True)))


def _crs(frames: Mapping[str, pd.DataFrame]) -> Any:
    found = (getattr(frames.get(name), "crs", None) for name in ("lines", "digs", "buildings", "ground"))
    return next((crs for crs in found if crs is not None), None)
