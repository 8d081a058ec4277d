"""Every finding of a district: all rules over its frames, whole or only what an edit can have changed."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

from geo.coordination.clearance import find_horizontal, near_things, touching
from geo.coordination.cover import find_cover
from geo.coordination.crossings import find_vertical
from geo.coordination.digs import find_dug_twice, find_opportunities, find_same_days, meetings
from geo.coordination.findings import Findings, Rows, collect
from geo.coordination.limits import Limits
from geo.coordination.order import find_narrow_yards, find_order
from geo.coordination.parameters import Parameters
from geo.coordination.paving import find_fresh_paving
from geo.coordination.season import find_season
from geo.coordination.tables import Layers, tables
from geo.coordination.things import Things, things
from geo.coordination.trenches import Trenches, trenches
from geo.coordination.yards import find_blocked_gates, find_many_digs
from geo.coordination.zones import find_zones

_THREADS = 2
_WORTH_THREADS = 100_000


def find(frames: Layers, limits: Limits, parameters: Parameters, as_of: date) -> Findings:
    """What the rules say about ``frames`` (layers by name, in one projected CRS) on the day ``as_of``.

    Digs whose window ended before ``as_of`` are done and are no longer judged. Layers that are absent
    count as empty; ``pavings`` and ``consents`` are optional frames, see ``paving`` and ``zones``.
    """
    return collect(found_rows(frames, limits, parameters, as_of), crs_of(frames))


def found_rows(frames: Layers, limits: Limits, parameters: Parameters, as_of: date) -> list[Rows]:
    """What each rule says, as plain arrays; see ``find``."""
    layers = {name: rows for name, rows in tables(frames).items() if name in frames}
    digs, size = trenches(layers, as_of), sum(len(rows) for rows in layers.values())
    every, of_digs = _each(
        [lambda: things(layers, parameters), lambda: _of_digs(layers, digs, parameters)], size
    )
    assert every.chains is not None  # worked out once, before two ask for it
    rules: list[Callable[[], list[Rows]]] = [
        lambda: _of_pairs(every, limits, parameters),
        lambda: [find_order(every, parameters)],
        lambda: [find_narrow_yards(every, limits, parameters)],
        lambda: find_cover(every, layers.get("ground"), limits, parameters),
        lambda: [find_zones(every, digs, layers.get("consents"), parameters)],
    ]
    return [rows for found in (*_each(rules, size), of_digs) for rows in found]


def _each(calls: Sequence[Callable[[], Any]], size: int) -> list[Any]:
    """What each call gives: of many rows two calls at a time, for most of their work is done outside the
    interpreter's lock."""
    if size < _WORTH_THREADS:
        return [call() for call in calls]
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(lambda call: call(), calls))


def _of_pairs(every: Things, limits: Limits, parameters: Parameters) -> list[Rows]:
    near = near_things(every, limits, parameters)
    at = touching(every, near)
    return [
        find_horizontal(every, near, at, limits, parameters),
        find_vertical(every, at, limits, parameters),
    ]


def _of_digs(layers: Layers, digs: Trenches, parameters: Parameters) -> list[Rows]:
    met = meetings(digs, parameters)
    return [
        find_dug_twice(digs, met, parameters),
        find_same_days(digs, met, parameters),
        find_opportunities(digs, met, parameters),
        find_blocked_gates(digs, layers.get("ground"), parameters),
        *find_fresh_paving(digs, layers, parameters),
        *find_season(digs, parameters),
        find_many_digs(digs, parameters),
    ]


def crs_of(frames: Layers) -> Any:
    """The CRS of the first layer that has one."""
    found = (getattr(frames.get(name), "crs", None) for name in ("lines", "digs", "buildings", "ground"))
    return next((crs for crs in found if crs is not None), None)
