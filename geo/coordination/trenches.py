"""Planned digs as arrays: the path and half width of each trench, its window, owner and job."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geo.coordination.chains import Bools, Chains, Floats, Ints, Shapes, chains
from geo.coordination.pairs import EARLIEST, LATEST
from geo.coordination.parameters import Parameters
from geo.coordination.tables import Layers, Table, Texts, among, table
from geo.coordination.things import dates_of, given
from geo.vocabulary import DigState, Utility

DEAD = (DigState.WITHDRAWN, DigState.CLOSED)
_AREAL = (3, 6)


@dataclass(frozen=True, eq=False)
class Trenches:
    """One entry per dig that is not withdrawn or closed.

    ``path`` is the middle line: of an area, the long axis of its least rectangle. ``half`` is half the
    width in metres. ``job`` is one number for digs that join each other. ``heating``: whether it takes a
    heating line out of service while it is open.
    """

    ids: Texts
    owner: Texts
    community: Texts
    utility: Texts
    path: Shapes
    half: Floats
    start: Ints
    end: Ints
    job: Ints
    replaces: Texts
    heating: Bools

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def chains(self) -> Chains:
        return chains(self.path)

    @cached_property
    def dated(self) -> Bools:
        return (self.start > EARLIEST) & (self.end < LATEST)

    @cached_property
    def days(self) -> Floats:
        return np.where(self.dated, self.end - self.start + 1.0, np.nan)

    def figures(self, name: str, parameters: Parameters) -> Floats:
        """The parameter of that name for each dig: its owner's own, or the district's."""
        if not parameters.owners:
            return np.full(len(self), parameters.of_owner(name, None), dtype=np.float64)
        codes, owners = pd.factorize(self.owner)
        values = np.array(
            [*(parameters.of_owner(name, str(owner)) for owner in owners), parameters.of_owner(name, None)]
        )
        return np.asarray(values[codes], dtype=np.float64)

    def describe(self, i: Ints, j: Ints | None = None) -> dict[str, Any]:
        """Who is concerned by digs i, or by pairs of digs (i, j); the window holds the windows of both."""
        other = i if j is None else j
        starts, ends = self.start[[i, other]], self.end[[i, other]]
        first = np.where(starts > EARLIEST, starts, LATEST).min(axis=0)
        last = np.where(ends < LATEST, ends, EARLIEST).max(axis=0)
        community = self.community[i]
        out = {
            "thing_a": self.ids[i], "layer_a": "digs", "owner_a": self.owner[i],
            "community": np.where(~given(community), self.community[other], community),
            "window_start": dates_of(first), "window_end": dates_of(last),
        }  # fmt: skip
        return (
            out if j is None else {**out, "thing_b": self.ids[j], "layer_b": "digs", "owner_b": self.owner[j]}
        )


def trenches(frames: Layers, as_of: date) -> Trenches:
    """The digs of ``frames["digs"]`` that are still to be judged.

    Left out: withdrawn and closed ones, those whose window ended before ``as_of``, those without geometry.
    """
    layers = {"digs": table(frames.get("digs"), "digs"), "lines": table(frames.get("lines"), "lines")}
    digs, shapes = layers["digs"], layers["digs"].shapes
    alive = ~among(digs.texts("state"), DEAD)
    alive &= digs.days("window_end", LATEST) >= np.datetime64(as_of, "D").astype(np.int64)
    alive &= ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    digs, shapes = digs.take(alive), shapes[alive]
    path, width = _middle(shapes, digs.reals("width_m"))
    ids, replaces = digs.texts("id"), digs.texts("replaces")
    return Trenches(
        ids=ids,
        owner=digs.texts("owner"),
        community=digs.texts("community"),
        utility=digs.texts("utility"),
        path=path,
        half=np.nan_to_num(width) / 2,
        start=digs.days("window_start", EARLIEST),
        end=digs.days("window_end", LATEST),
        job=_jobs(ids, digs.texts("joins")),
        replaces=replaces,
        heating=_heating(digs, layers["lines"]),
    )


def _heating(digs: Table, lines: Table) -> Bools:
    """Digs that replace a heating line, and those of heating that replace any."""
    replaces = digs.texts("replaces")
    known = given(replaces)
    out: Bools = known & (digs.texts("utility") == str(Utility.HEAT))
    heat = lines.texts("id")[lines.texts("utility") == str(Utility.HEAT)]
    out[known] |= pd.Index(replaces[known], dtype=object).isin(pd.Index(heat, dtype=object))
    return out


def _middle(shapes: Shapes, width: Floats) -> tuple[Shapes, Floats]:
    """Paths as they are; of an area the long axis of its least rectangle, as wide as the short side."""
    areal = np.isin(shapely.get_type_id(shapes), _AREAL)
    if not areal.any():
        return shapes, width
    path, wide = shapes.copy(), width.copy()
    corners = shapely.get_coordinates(shapely.oriented_envelope(shapes[areal])).reshape(-1, 5, 2)
    one = np.hypot(*(corners[:, 1] - corners[:, 0]).T)
    two = np.hypot(*(corners[:, 2] - corners[:, 1]).T)
    across = (one <= two)[:, None]
    ends = np.where(across, (corners[:, 0] + corners[:, 1]) / 2, (corners[:, 1] + corners[:, 2]) / 2)
    others = np.where(across, (corners[:, 3] + corners[:, 2]) / 2, (corners[:, 0] + corners[:, 3]) / 2)
    path[areal] = shapely.linestrings(np.stack([ends, others], axis=1))
    wide[areal] = np.minimum(one, two)
    return path, wide


def _jobs(ids: Texts, joins: Texts) -> Ints:
    """One number for all digs that join each other, directly or by way of others."""
    job = np.arange(len(ids), dtype=np.int64)
    to = (
        pd.Index(ids, dtype=object).get_indexer(pd.Index(joins, dtype=object))
        if len(ids)
        else np.empty(0, dtype=np.int64)
    )
    known = np.flatnonzero((to >= 0) & given(joins))
    while len(known):
        least = np.minimum(job[known], job[to[known]])
        if (job[known] == least).all() and (job[to[known]] == least).all():
            break
        np.minimum.at(job, known, least)
        np.minimum.at(job, to[known], least)
    return job
