"""Communities, buildings and owners of the sample as frames."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo.sample.courtyard import Site
from geo.sample.frames import Frames
from geo.sample.housing import Housing
from geo.sample.network import Ways
from geo.sample.profile import Slot
from geo.sample.programme import Programme
from geo.sample.words import BUILDING, OWNERS, STRUCTURES


def build_owners() -> pd.DataFrame:
    """Rows of ``owners``: roles, no people."""
    return pd.DataFrame(
        [
            {
                "id": owner,
                "name": name,
                "name_en": english,
                "short_name": short,
                "utilities": ",".join(groups),
            }
            for owner, name, english, short, groups in OWNERS
        ]
    )


def build_buildings(
    housing: Housing,
    sites: Sequence[Site],
    frames: Frames,
    slots: Sequence[Slot],
    ids: Sequence[str],
    crs: CRS,
) -> gpd.GeoDataFrame:
    """Rows of ``buildings``: footprints of exactly length x depth, turned into place but not rounded."""
    west, south = (np.concatenate([getattr(site, side) for site in sites]) for side in ("west", "south"))
    length, depth = housing.length_dm / 10, housing.depth_dm / 10
    slabs = shapely.box(west, south, west + length, south + depth)
    court = housing.community
    number = pd.Series(court).groupby(court).cumcount() + 1
    return gpd.GeoDataFrame(
        {
            "id": [f"bld-{i:04d}" for i in range(1, len(court) + 1)],
            "community": np.array(ids, dtype=object)[court],
            "town": [slots[c].town for c in court],
            "number": [f"{n}{BUILDING}" for n in number],
            "storeys": housing.storeys,
            "units": housing.units,
            "households": housing.households,
            "floor_area_dm2": housing.area_dm2,
            "year_built": housing.year,
            "structure": [STRUCTURES[s] for s in housing.structure],
        },
        geometry=gpd.GeoSeries(frames.place(slabs, court), crs=crs),
    )


def build_communities(
    rng: np.random.Generator,
    slots: Sequence[Slot],
    sites: Sequence[Site],
    frames: Frames,
    housing: Housing,
    programme: Programme,
    ids: Sequence[str],
    committees: Sequence[tuple[str, str, str]],
    streets: Sequence[str],
    ways: Ways,
    crs: CRS,
) -> gpd.GeoDataFrame:
    """Rows of ``communities``; their figures are the sums of their buildings and works."""
    cost = programme.works.groupby("community")["cost_fen"].sum().reindex(list(ids))
    outlines = [site.outline() for site in sites]
    court = pd.Series(housing.community)

    def summed(values: np.ndarray) -> np.ndarray:
        return pd.Series(values).groupby(court).sum().to_numpy("int64")

    return gpd.GeoDataFrame(
        {
            "id": list(ids),
            "name": [slot.name for slot in slots],
            "town": [slot.town for slot in slots],
            "committee": _committees(rng, slots, committees),
            "address": [streets[place] for place in ways.street],
            "year_built": pd.Series(housing.year).groupby(court).min().to_numpy(),
            "stage": [str(slot.stage) for slot in slots],
            "stage_due": programme.stage_due,
            "delay_reason": [slot.delay.reason if slot.delay else None for slot in slots],
            "building_count": summed(np.ones(len(court), dtype=np.int64)),
            "households": summed(housing.households),
            "floor_area_dm2": summed(housing.area_dm2),
            "investment_fen": cost.to_numpy("int64"),
            "sample": True,
        },
        geometry=gpd.GeoSeries(frames.place(outlines, np.arange(len(sites))), crs=crs),
    )


def _committees(
    rng: np.random.Generator, slots: Sequence[Slot], committees: Sequence[tuple[str, str, str]]
) -> list[str | None]:
    """One committee of the town each: the one that shares the community's name, else any."""
    out: list[str | None] = []
    for slot in slots:
        choice = [name for _, name, town in committees if town == slot.town]
        drawn = int(rng.integers(0, max(len(choice), 1)))
        namesakes = [name for name in choice if slot.name.startswith(name[:2])]
        out.append(namesakes[0] if namesakes else choice[drawn] if choice else None)
    return out
