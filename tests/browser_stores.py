"""Stores for the browser: the sample under hostile names, and a synthetic city."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from benchmarks.synthetic import city
from geo.boundaries import read_boundaries
from geo.district import District, read_district
from geo.layers import LAYERS, TEXT, Layer
from geo.programme.catalogue import read_catalogue
from geo.sample.district import build_sample
from geo.store.opening import create_store
from geo.store.record import Change, record

DATA = Path(__file__).parents[1] / "data"
AT = datetime(2026, 7, 15, tzinfo=UTC)
HOSTILE = (
    '<img src=x onerror="window.__hacked=1">',
    "'`${window.__hacked=1}`'",
    "</script><script>window.__hacked=1</script>",
    '"onmouseover="window.__hacked=1',
    "{{7*7}}",
    "javascript:window.__hacked=1",
)
CODED = {"id", "code", "level", "source", "kind", "line_class", "utilities"}
BIG_BUILDINGS, BIG_COMMUNITIES = 97_500, 30_000


def district() -> District:
    return read_district(DATA / "district.toml")


def fill_store(path: Path, frames: Mapping[str, pd.DataFrame], *, sample: bool) -> None:
    """A new store with ``frames`` in it."""
    place = district()
    as_of = place.sample.as_of if sample and place.sample else None
    changes = [Change(name, add=frames[name]) for name in LAYERS if name in frames]
    with create_store(str(path), place, sample=sample, as_of=as_of) as store:
        record(store, changes, actor=HOSTILE[0], at=AT, origin=HOSTILE[2], summary=HOSTILE[1])


def make_hostile_store(path: Path) -> None:
    """The sample in which every free text, of every layer, is hostile."""
    place = district()
    boundaries = read_boundaries(DATA / "boundaries", place)
    frames = build_sample(place, read_catalogue(DATA / "works_catalogue.csv"), boundaries)
    fill_store(path, {name: _poisoned(LAYERS[name], frame) for name, frame in frames.items()}, sample=True)


def _poisoned(layer: Layer, frame: pd.DataFrame) -> pd.DataFrame:
    out = frame.copy()
    for shift, column in enumerate(layer.columns):
        if column.kind != TEXT or column.choices or column.refers_to or column.name in CODED:
            continue
        spread = [HOSTILE[(place + shift) % len(HOSTILE)] for place in range(len(out))]
        out[column.name] = pd.array(spread, dtype="string")
    if layer.name == "communities":
        out["name"] = [f"{HOSTILE[place % len(HOSTILE)]} {place}" for place in range(len(out))]
    return out


def make_big_store(path: Path) -> None:
    """A city of ``BIG_BUILDINGS`` buildings around the middle of the district."""
    place = district()
    frames = city(place, buildings=BIG_BUILDINGS, communities=BIG_COMMUNITIES)
    boundaries = read_boundaries(DATA / "boundaries", place)
    fill_store(path, {"boundaries": boundaries, **frames}, sample=False)
