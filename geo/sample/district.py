"""The seeded sample district: every layer of a programme, made from the plan's totals and the outlines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.district import District
from geo.errors import BadDistrict
from geo.layers import LAYERS, check, empty
from geo.programme.catalogue import WorkKind
from geo.sample.courtyard import Site, build_site, place_sites
from geo.sample.digs import PlantedCase, build_planned, consents, protected, replaced, unmeasured
from geo.sample.draft import Draft
from geo.sample.frames import Frames, Ints, frame
from geo.sample.grid import Grid, build_grid, row_of_gate
from geo.sample.ground import build_ground, street_names
from geo.sample.housing import Housing, build_housing
from geo.sample.lines import build_existing
from geo.sample.network import add_relics, build_network, ways_of
from geo.sample.places import build_buildings, build_communities, build_owners
from geo.sample.profile import Slot, slots
from geo.sample.programme import build_programme
from geo.sample.trenches import Dated, Yard, dig_trenches, paved_from, recipes_of, utilities_of
from geo.vocabulary import LineState

SOURCE = "sample"
Committees = Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Sample:
    """The frames by layer, the cases that are planted in them, and the owners' consents (dig, line)."""

    frames: dict[str, pd.DataFrame]
    cases: tuple[PlantedCase, ...]
    consents: pd.DataFrame


def build_sample(
    district: District,
    catalogue: Sequence[WorkKind],
    boundaries: gpd.GeoDataFrame,
    *,
    committees: Committees = (),
    seed: int | None = None,
) -> dict[str, pd.DataFrame]:
    """One frame for each of ``geo.layers.LAYERS``, in the district's CRS, held to its contract.

    ``boundaries`` are rows of the ``boundaries`` layer in the district's CRS; ``committees`` are (code, name,
    town code); ``seed`` defaults to the district's own. The same arguments give the same bytes. Raises
    ``BadDistrict`` where the plan cannot be met, ``NotFound`` for a town without outline or without room.
    """
    return _build(district, catalogue, boundaries, committees, seed).frames


def planted_cases(
    district: District,
    catalogue: Sequence[WorkKind],
    boundaries: gpd.GeoDataFrame,
    *,
    committees: Committees = (),
    seed: int | None = None,
) -> tuple[PlantedCase, ...]:
    """What ``build_sample`` of the same arguments has planted for the rules to find."""
    return _build(district, catalogue, boundaries, committees, seed).cases


def sample_consents(
    district: District,
    catalogue: Sequence[WorkKind],
    boundaries: gpd.GeoDataFrame,
    *,
    committees: Committees = (),
    seed: int | None = None,
) -> pd.DataFrame:
    """What owners of gas lines and cables have agreed to: rows of dig and line, for ``find_zones``."""
    return _build(district, catalogue, boundaries, committees, seed).consents


def _build(
    district: District,
    catalogue: Sequence[WorkKind],
    boundaries: gpd.GeoDataFrame,
    committees: Committees,
    seed: int | None,
) -> Sample:
    if district.sample is None:
        raise BadDistrict("no_sample", district=district.code)
    as_of = district.sample.as_of
    rng = np.random.default_rng(district.sample.seed if seed is None else seed)
    chosen = slots(district)
    housing = build_housing(rng, chosen, district.plan.floor_area_dm2, district.plan.households)
    grid = build_grid(rng, district, boundaries, chosen)
    gates = row_of_gate(grid.cells)
    sites = _sites(rng, housing, chosen, grid, gates)
    frames = place_sites(rng, grid, sites).joined(frame(0.0, 0.0, 0.0))
    ways = ways_of(grid, gates.tolist())
    ids = [f"com-{i:02d}" for i in range(1, len(chosen) + 1)]

    buildings = build_buildings(housing, sites, frames, chosen, ids, district.crs)
    recipes = recipes_of(chosen)
    yards = [Yard(i, site, frames, ways) for i, site in enumerate(sites)]
    dated = dig_trenches(rng, district, as_of, yards, chosen, recipes)
    programme = build_programme(rng, district, as_of, chosen, housing, catalogue, ids, paved_from(dated))
    communities = build_communities(
        rng,
        chosen,
        sites,
        frames,
        housing,
        programme,
        ids,
        committees,
        street_names(grid),
        ways,
        district.crs,
    )
    ground = build_ground(rng, grid, sites, frames, ways, ids, district.crs)
    draft = build_network(rng, sites, frames, ways, utilities_of(rng, recipes))
    add_relics(rng, draft, sites)
    lines, nodes, digs, cases = _underground(
        rng, draft, dated, frames, ids, housing, buildings, street_names(grid), as_of, district
    )
    layers: dict[str, pd.DataFrame] = {
        "boundaries": boundaries,
        "owners": build_owners(),
        "communities": communities,
        "buildings": buildings,
        "ground": ground,
        "nodes": nodes,
        "lines": lines,
        "digs": digs,
        "works": programme.works,
    }
    return _with_consents(layers, cases, district)


def _sites(
    rng: np.random.Generator, housing: Housing, chosen: Sequence[Slot], grid: Grid, gates: Ints
) -> list[Site]:
    """The courtyard of each community, its gate towards the row that it opens to."""
    return [
        build_site(rng, housing, i, slot, "S" if gates[i] > grid.cells[i].row else "N")
        for i, slot in enumerate(chosen)
    ]


def _with_consents(
    layers: dict[str, pd.DataFrame], cases: Sequence[PlantedCase], district: District
) -> Sample:
    """The sample with what owners have agreed to, every layer held to its contract."""
    agreed, planted = consents(layers["digs"], layers["lines"], cases)
    layers |= {"consents": agreed}
    layers |= {name: empty(layer, district.crs) for name, layer in LAYERS.items() if name not in layers}
    return Sample({name: _checked(layers[name], name, district) for name in LAYERS}, planted, agreed)


def _underground(
    rng: np.random.Generator,
    draft: Draft,
    dated: Sequence[Dated],
    frames: Frames,
    ids: Sequence[str],
    housing: Housing,
    buildings: gpd.GeoDataFrame,
    streets: Sequence[str],
    as_of: date,
    district: District,
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame, tuple[PlantedCase, ...]]:
    """Lines (existing, then planned), nodes, digs and the planted cases."""
    old = replaced(draft, dated)
    for place in (place for pieces in old.values() for piece in pieces for place in piece):
        draft.state[place] = str(LineState.TO_ABANDON)
    own = [buildings["id"].to_numpy()[housing.of(i)].tolist() for i in range(len(ids))]
    existing = build_existing(
        rng,
        draft,
        frames,
        ids,
        own,
        streets,
        as_of,
        protected(draft, dated, frames),
        {each.trench.community for each in dated},
        district.crs,
    )
    blind = unmeasured(existing.lines, draft, dated, frames)
    existing.lines.loc[blind, ["depth_start_m", "depth_end_m", "elevation_start_m", "elevation_end_m"]] = (
        np.nan
    )
    planned = build_planned(rng, dated, draft, old, existing.lines, blind, frames, ids, district.crs)
    both = pd.concat(
        [check(part, LAYERS["lines"], crs=district.crs) for part in (existing.lines, planned.lines)],
        ignore_index=True,
    )
    return gpd.GeoDataFrame(both), existing.nodes, planned.digs, planned.cases


def _checked(rows: pd.DataFrame, name: str, district: District) -> pd.DataFrame:
    if name != "boundaries":
        rows = rows.assign(source=SOURCE, source_id=rows["id"])
    return check(rows, LAYERS[name], crs=district.crs)
