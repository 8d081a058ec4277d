"""What every benchmark starts from: the district, its sample, a synthetic city, and their atlases."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pandas as pd

from benchmarks.synthetic import city
from geo import layers
from geo.boundaries import read_boundaries
from geo.district import District, read_district
from geo.programme.catalogue import WorkKind, read_catalogue
from geo.sample.district import build_sample
from maps.atlas import Atlas

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"


@cache
def district() -> District:
    return read_district(DATA / "district.toml")


@cache
def catalogue() -> tuple[WorkKind, ...]:
    return read_catalogue(DATA / "works_catalogue.csv")


@cache
def sample() -> Mapping[str, pd.DataFrame]:
    return build_sample(district(), catalogue(), read_boundaries(DATA / "boundaries", district()))


@cache
def large() -> Mapping[str, pd.DataFrame]:
    """97,500 buildings in 30,000 communities."""
    return city(district())


def atlas_of(frames: Mapping[str, pd.DataFrame]) -> Atlas:
    """A fresh atlas; layers that ``frames`` lacks are empty."""
    whole = {
        name: frames.get(name, layers.empty(layer, district().crs)) for name, layer in layers.LAYERS.items()
    }
    chosen = district().sample
    assert chosen is not None
    return Atlas(
        whole, district=district(), catalogue=catalogue(), as_of=chosen.as_of, revision=1, sample=True
    )
