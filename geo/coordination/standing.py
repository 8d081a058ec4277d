"""All findings of a district as they stand, kept so that an edit or a drawing asks only what is near it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geo.coordination.chains import Shapes
from geo.coordination.coordinate import crs_of, found_rows
from geo.coordination.findings import Findings, collect, joined
from geo.coordination.kept import REFERENCES, Layer, keep, merged, texts_of
from geo.coordination.ledger import Delta, Ledger, Scope, ledger
from geo.coordination.limits import Limits
from geo.coordination.parameters import Parameters
from geo.coordination.stretches import SNAP_M
from geo.coordination.tables import SHAPED, TEXTS, Layers, Table, empty, table, tables

_NAMED = {"lines": ("replaces", "connects_to", "serves_building", "dig"), "digs": ("replaces", "joins")}
_MANY = 4096


@dataclass(frozen=True, eq=False)
class Standing:
    """The layers of one revision with their indexes, and what the rules say about them on ``as_of``.

    Never changed: ``after`` gives the next one, which shares all that is the same.
    """

    layers: Mapping[str, Layer]
    ledger: Ledger
    limits: Limits
    parameters: Parameters
    as_of: date
    crs: Any

    def after(
        self, changed: Layers, removed: Mapping[str, Collection[str]] | None = None
    ) -> tuple["Standing", Delta]:
        """As it stands after an edit: ``changed`` rows by layer, new ones and those put in the place of
        their ids, and the ids of those ``removed``; and what that changed in the findings listed.

        Layers that the rules do not read are passed over.
        """
        given = {name: table(rows, name) for name, rows in changed.items() if name in TEXTS}
        out = {name: list(ids) for name, ids in (removed or {}).items() if name in TEXTS}
        layers = dict(self.layers)
        for name in {*given, *out}:
            layers[name] = layers[name].changed(given.get(name, empty(name)), out.get(name, ()))
        seeds = {str(row) for rows in given.values() for row in rows.texts("id")}
        seeds |= {str(row) for ids in out.values() for row in ids}
        seeds |= _agreed_on(self.layers["consents"], layers["consents"], seeds)
        scope, near = _around(layers, self.layers, seeds, self.limits, self.parameters)
        found = joined(found_rows(near, self.limits, self.parameters, self.as_of))
        book, delta = self.ledger.replaced(scope, found.where(scope.holds(found)))
        return replace(self, layers=layers, ledger=book), delta

    def preview(self, drawn: Layers) -> Findings:
        """What the rules would say about ``drawn`` rows (digs, lines) if they were there; nothing is kept.

        Rows with the id of a row that is there stand in its place.
        """
        given = {name: table(rows, name) for name, rows in drawn.items() if name in TEXTS}
        layers = dict(self.layers)
        for name, rows in given.items():
            layers[name] = layers[name].changed(rows, ())
        own = frozenset(str(row) for rows in given.values() for row in rows.texts("id"))
        _, near = _around(layers, self.layers, set(own), self.limits, self.parameters)
        found = joined(found_rows(near, self.limits, self.parameters, self.as_of))
        return collect([found.where(Scope(own, frozenset()).holds(found))], self.crs)

    def findings(self) -> Findings:
        """All findings as frames; takes as long as there are many."""
        return self.ledger.findings()

    def counts(self) -> pd.DataFrame:
        """How often each kind, verdict and reason occurs: as ``Findings.counts``, at no cost."""
        rows = sorted((*key, count) for key, count in self.ledger.counts.items())
        frame = pd.DataFrame(rows, columns=["kind", "verdict", "reason", "count"])
        texts = dict.fromkeys(("kind", "verdict", "reason"), "string")
        return frame.astype({**texts, "count": "int64"})

    def crowded(self) -> bool:
        """Whether so many rows were changed that it is time to ``stand`` anew, beside the requests."""
        return sum(len(layer.extra) + int(layer.gone.sum()) for layer in self.layers.values()) > _MANY


def stand(
    frames: Layers,
    limits: Limits,
    parameters: Parameters,
    as_of: date,
    *,
    findings: Findings | None = None,
) -> Standing:
    """Index the layers and find everything, unless the findings of just these are given."""
    layers = tables(frames)
    crs = crs_of(frames)
    if findings is None:
        known = {name: rows for name, rows in layers.items() if name in frames}
        findings = collect(found_rows(known, limits, parameters, as_of), crs)
    kept = {name: keep(name, rows) for name, rows in layers.items()}
    return Standing(kept, ledger(findings, crs), limits, parameters, as_of, crs)


def _agreed_on(before: Layer, after: Layer, changed: Collection[str]) -> set[str]:
    """The digs of changed consents."""
    return {dig for side in (before, after) for dig in texts_of(side, side.of_ids(changed), "dig")}


def _around(
    after: Mapping[str, Layer],
    before: Mapping[str, Layer],
    changed: set[str],
    limits: Limits,
    parameters: Parameters,
) -> tuple[Scope, dict[str, Table]]:
    """What is found again after rows have ``changed``, and all the rows that it takes to find it."""
    sides = (after, before)
    seeds = _seeds(sides, changed)
    shapes = np.concatenate([_shapes(side, seeds, SHAPED) for side in sides])
    beside = np.concatenate([_shapes(side, seeds, ("buildings", "ground")) for side in sides])
    seen = parameters.order_within_m + parameters.order_from_building_m
    lines = after["lines"]
    met = merged([lines.near(shapes, SNAP_M), lines.near(beside, seen)])
    touched = texts_of(lines, met, "id")
    ids = seeds | touched
    shapes = np.concatenate([shapes, lines.column(met, "geometry")])
    communities = _communities(sides, ids)
    reach = _reach(limits, parameters)
    places = {
        name: merged(
            [
                layer.around(shapes, 2 * reach),
                layer.of_ids(ids) if name in SHAPED else layer.of_ids(()),
                layer.of_communities(communities),
            ]
        )
        for name, layer in after.items()
    }
    _refer(after, places)
    digs = texts_of(after["digs"], places["digs"], "id")
    places["consents"] = after["consents"].referring("dig", digs)
    near = {name: after[name].take(rows) for name, rows in places.items()}
    return Scope(frozenset(ids), frozenset(communities)), near


def _reach(limits: Limits, parameters: Parameters) -> float:
    """How far in metres one row can matter to another."""
    widest = float(limits.reach(parameters.unlisted_m).max()) + parameters.largest_outer_m
    return max(widest, parameters.order_within_m + parameters.order_from_building_m, parameters.yard_width_m)


def _seeds(sides: tuple[Mapping[str, Layer], ...], changed: set[str]) -> set[str]:
    """The changed rows, the lines of changed digs, and what refers to them or is referred to by them."""
    out = set(changed)
    for _ in range(2):
        for side in sides:
            for name in ("lines", "digs"):
                layer = side[name]
                own = layer.of_ids(out)
                for column in REFERENCES[name]:
                    out |= texts_of(layer, layer.referring(column, out), "id")
                    if column != "dig":
                        out |= texts_of(layer, own, column)
    return out


def _shapes(side: Mapping[str, Layer], ids: Collection[str], names: tuple[str, ...]) -> Shapes:
    found = [side[name].column(side[name].of_ids(ids), "geometry") for name in names]
    shapes = np.concatenate(found)
    return np.asarray(shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))])


def _communities(sides: tuple[Mapping[str, Layer], ...], ids: Collection[str]) -> set[str]:
    out: set[str] = set()
    for side in sides:
        for name in ("lines", "digs", "buildings", "ground", "works"):
            out |= texts_of(side[name], side[name].of_ids(ids), "community")
    return out


def _refer(after: Mapping[str, Layer], places: dict[str, np.ndarray]) -> None:
    """Add to ``places`` the rows that those of lines and digs refer to."""
    named: set[str] = set()
    for name in ("lines", "digs"):
        for column in _NAMED[name]:
            named |= texts_of(after[name], places[name], column)
    for name in ("lines", "digs", "buildings"):
        places[name] = merged([places[name], after[name].of_ids(named)])
