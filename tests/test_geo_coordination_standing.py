"""An edit finds again what a whole run would, many edits on end do too, and a drawing is answered without
being kept."""

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from geo.boundaries import read_boundaries
from geo.coordination.coordinate import find
from geo.coordination.findings import Findings
from geo.coordination.kept import inverse
from geo.coordination.limits import read_limits
from geo.coordination.parameters import Parameters
from geo.coordination.standing import Standing, stand
from geo.district import read_district
from geo.programme.catalogue import read_catalogue
from geo.sample.district import build_sample, sample_consents
from tests.coordination_scenes import dig, frames, line, path

DATA = Path(__file__).parent.parent / "data"
DISTRICT = read_district(DATA / "district.toml")
LIMITS, PARAMETERS = read_limits(), Parameters()
assert DISTRICT.sample is not None
TODAY = DISTRICT.sample.as_of
COMMUNITIES = ["com-14", "com-16", "com-19", "com-20", "com-22", "com-23"]

LIKELY = {"lines": 0.4, "digs": 0.3, "buildings": 0.08, "ground": 0.08, "works": 0.08, "consents": 0.06}

Frames = dict[str, pd.DataFrame]


@cache
def sample() -> Frames:
    """Some of the sample's communities, without the streets between them."""
    given = (
        DISTRICT,
        read_catalogue(DATA / "works_catalogue.csv"),
        read_boundaries(DATA / "boundaries", DISTRICT),
    )
    whole = build_sample(*given)
    out = {
        name: whole[name][whole[name]["community"].isin(COMMUNITIES).to_numpy(dtype=bool)].reset_index(
            drop=True
        )
        for name in ("lines", "digs", "buildings", "ground", "works")
    }
    agreed = sample_consents(*given)
    out["consents"] = agreed[agreed["dig"].isin(out["digs"]["id"])].reset_index(drop=True)
    return out


def judged(frames: Frames) -> Findings:
    return find(frames, LIMITS, PARAMETERS, TODAY)


@cache
def standing() -> Standing:
    return stand(sample(), LIMITS, PARAMETERS, TODAY)


def same(one: Findings, two: Findings) -> None:
    columns = ["id", "verdict", "measured", "required", "length_m", "saved_days", "reason", "community"]
    sides = []
    for side in (one, two):
        rows = pd.DataFrame(side.listed[columns]).round(6).astype("string")
        sides.append(rows.sort_values(columns).reset_index(drop=True))
    pd.testing.assert_frame_equal(*sides)
    pd.testing.assert_frame_equal(one.counts, two.counts)


def edited(where: Frames, layer: str, rows: pd.DataFrame, removed: Collection[str] = ()) -> Frames:
    """The layers with ``rows`` in place of those of their ids, and without ``removed``."""
    old = where[layer]
    rest = old[~old["id"].isin([*rows["id"], *removed])]
    return {**where, layer: pd.concat([rest, rows], ignore_index=True) if len(rows) else rest}


def moved(rows: gpd.GeoDataFrame, x: float, y: float) -> gpd.GeoDataFrame:
    shift: Callable[[BaseGeometry], BaseGeometry] = lambda shape: affinity.translate(shape, x, y)  # noqa: E731
    return rows.assign(geometry=rows.geometry.map(shift))


@pytest.mark.parametrize("layer", ["lines", "digs", "buildings", "ground"])
@pytest.mark.parametrize("edit", ["moved", "removed", "added"])
def test_an_edit_finds_again_what_a_whole_run_would(layer: str, edit: str) -> None:
    rows = sample()[layer]
    wanted = {"lines": rows.get("state") == "planned", "ground": rows.get("kind") == "tree"}.get(
        layer, rows["id"].notna()
    )
    row = rows[wanted.to_numpy(dtype=bool)].iloc[[7]]
    if edit == "added":
        row = row.assign(id="new")
    changed = row.iloc[:0] if edit == "removed" else moved(row, 1.3, -0.9)
    removed = [str(row["id"].iloc[0])] if edit == "removed" else []
    after, delta = standing().after({layer: changed}, {layer: removed})
    whole = judged(edited(sample(), layer, changed, removed))
    same(after.findings(), whole)
    pd.testing.assert_frame_equal(after.counts(), whole.counts)
    ids = set(standing().findings().listed["id"]) - set(delta.removed) | set(delta.added["id"])
    assert ids == set(whole.listed["id"])


def some(rng: np.random.Generator, rows: pd.DataFrame, planned: bool = False) -> pd.DataFrame:
    if planned:
        rows = rows[(rows["state"] == "planned").to_numpy(dtype=bool)]
    return rows.iloc[[int(rng.integers(len(rows)))]]


def random_edit(rng: np.random.Generator, now: Frames) -> tuple[str, pd.DataFrame, list[str]]:
    """A layer, rows to put in it, ids to take out of it: what somebody might do next."""
    layer = str(rng.choice(list(LIKELY), p=list(LIKELY.values())))
    row = some(rng, now[layer], planned=layer == "lines" and rng.random() < 0.5)
    name, turn = str(row["id"].iloc[0]), rng.random()
    if layer in ("works", "consents") or turn < 0.2:
        if layer == "works":
            days = timedelta(days=int(rng.integers(-60, 60)))
            return layer, row.assign(planned_end=row["planned_end"] + days), []
        return layer, row.iloc[:0], [name]
    if turn < 0.35:
        return layer, moved(row.assign(id=f"{name}-{int(rng.integers(10**9))}"), *rng.uniform(-3, 3, 2)), []
    if turn < 0.6 or layer in ("buildings", "ground"):
        return layer, moved(row, *rng.uniform(-2, 2, 2)), []
    return layer, _with_other_figures(rng, layer, row, now), []


def _with_other_figures(rng: np.random.Generator, layer: str, row: pd.DataFrame, now: Frames) -> pd.DataFrame:
    other = str(some(rng, now["lines"])["id"].iloc[0])
    if layer == "digs":
        days = timedelta(days=int(rng.integers(-20, 40)))
        changes: list[Mapping[str, object]] = [
            {"window_start": row["window_start"] + days, "window_end": row["window_end"] + days},
            {"joins": str(some(rng, now["digs"])["id"].iloc[0])},
            {"replaces": other},
            {"state": "withdrawn"},
            {"width_m": float(rng.uniform(0.5, 2.0))},
        ]
    else:
        changes = [
            {"depth_start_m": float(rng.uniform(0.3, 3.0)), "depth_end_m": float(rng.uniform(0.3, 3.0))},
            {"depth_start_m": np.nan, "depth_end_m": np.nan},
            {"outer_width_mm": np.nan},
            {"replaces": other},
            {"connects_to": other},
            {"state": str(rng.choice(["planned", "in_service", "to_abandon", "abandoned"]))},
            {"dig": str(some(rng, now["digs"])["id"].iloc[0]), "state": "planned"},
            {"owner": "own-gas"},
        ]
    out = row.assign(**changes[int(rng.integers(len(changes)))])
    return out.astype({name: row.dtypes[name] for name in row.columns if name != "geometry"})


@pytest.mark.parametrize("seed", range(10))
def test_many_edits_on_end_come_to_what_a_whole_run_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    now, state = sample(), standing()
    for _ in range(12):
        layer, rows, removed = random_edit(rng, now)
        now = edited(now, layer, rows, removed)
        state, _ = state.after({layer: rows}, {layer: removed})
    whole = judged(now)
    same(state.findings(), whole)
    pd.testing.assert_frame_equal(state.counts(), whole.counts)


def test_several_layers_change_at_once() -> None:
    where = sample()
    trench = where["digs"].iloc[[3]]
    own = where["lines"][where["lines"]["dig"] == trench["id"].iloc[0]]
    changed = {"digs": moved(trench, 0.6, 0.6), "lines": moved(own, 0.6, 0.6)}
    after, _ = standing().after(changed)
    same(after.findings(), judged(edited(edited(where, "digs", changed["digs"]), "lines", changed["lines"])))


def test_a_standing_is_never_changed_by_what_comes_after() -> None:
    before = standing().findings()
    standing().after({"digs": moved(sample()["digs"].iloc[[5]], 2.0, 2.0)})
    same(standing().findings(), before)


def test_taking_an_edit_back_brings_the_findings_back() -> None:
    row = sample()["digs"].iloc[[9]]
    after, delta = standing().after({"digs": moved(row, 0.0, 40.0)})
    back, again = after.after({"digs": row})
    same(back.findings(), standing().findings())
    assert set(again.removed) == set(delta.added["id"])
    assert set(again.added["id"]) == set(delta.removed)


def test_a_preview_says_what_would_be_found_and_keeps_nothing() -> None:
    drawn = moved(sample()["digs"].iloc[[4]], 0.5, 0.5).assign(id="drawn", replaces=None)
    lines = sample()["lines"]
    own = moved(lines[lines["dig"] == sample()["digs"]["id"].iloc[4]], 0.5, 0.5)
    own = own.assign(id=[f"drawn-{n}" for n in range(len(own))], dig="drawn")
    found = standing().preview({"digs": drawn, "lines": own}).listed
    mine = {"drawn", *own["id"]}
    whole = judged(edited(edited(sample(), "digs", drawn), "lines", own)).listed
    about = whole["thing_a"].isin(mine) | whole["thing_b"].isin(mine)
    assert sorted(found["id"]) == sorted(whole.loc[about, "id"])
    assert len(found)
    assert not standing().findings().listed["thing_a"].isin(mine).any()


def test_a_dig_drawn_again_stands_in_its_own_place() -> None:
    row = sample()["digs"].iloc[[4]]
    found = standing().preview({"digs": row}).listed
    listed = standing().findings().listed
    about = listed["thing_a"].isin(row["id"]) | listed["thing_b"].isin(row["id"])
    assert sorted(found["id"]) == sorted(listed.loc[about, "id"])


def test_a_drawing_far_from_everything_finds_nothing() -> None:
    drawn = moved(sample()["digs"].iloc[[4]], 9000.0, 9000.0).assign(id="d", community=None, replaces=None)
    found = standing().preview({"digs": drawn})
    assert len(found.listed) == 0


def test_another_window_changes_what_hangs_on_the_days() -> None:
    row = sample()["digs"].iloc[[12]]
    late = row.assign(
        window_start=row["window_start"] + timedelta(days=30),
        window_end=row["window_end"] + timedelta(days=30),
    )
    after, _ = standing().after({"digs": late})
    same(after.findings(), judged(edited(sample(), "digs", late)))


def test_rows_in_another_order_give_the_same_findings() -> None:
    rng = np.random.default_rng(1)
    mixed = {
        name: frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
        for name, frame in sample().items()
    }
    same(standing().findings(), judged(mixed))


def test_it_is_told_when_it_is_time_to_stand_anew() -> None:
    state = standing()
    assert not state.crowded()
    many = pd.concat([sample()["lines"].assign(id=sample()["lines"]["id"] + f"~{n}") for n in range(12)])
    assert stand({}, LIMITS, PARAMETERS, TODAY).after({"lines": many})[0].crowded()


def test_nothing_stands_where_there_is_nothing() -> None:
    empty = stand({}, LIMITS, PARAMETERS, TODAY)
    assert len(empty.findings().listed) == 0
    scene = frames(
        lines=[line("a", "W1", path((0, 0), (50, 0)))],
        digs=[dig("d", path((0, 0), (50, 0)), "2026-08-01", "2026-08-20")],
    )
    after, _ = empty.after(scene)
    assert after.findings().counts["count"].sum() > 0


def test_an_inverse_knows_the_rows_of_each_value() -> None:
    index = inverse(np.array(["b", None, "a", "b"], dtype=object))
    assert index.of(["b", "x"]).tolist() == [0, 3]
    assert index.of(["a"]).tolist() == [2]
    assert index.of([]).tolist() == []
