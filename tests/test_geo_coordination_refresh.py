"""The sample's planted cases are found, and an edit finds again what a whole run would."""

from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from shapely import affinity

from geo.boundaries import read_boundaries
from geo.coordination.coordinate import find
from geo.coordination.findings import Findings
from geo.coordination.limits import read_limits
from geo.coordination.parameters import Parameters
from geo.coordination.refresh import refresh
from geo.district import read_district
from geo.programme.catalogue import read_catalogue
from geo.sample.digs import PlantedCase
from geo.sample.district import build_sample, planted_cases

DATA = Path(__file__).parent.parent / "data"
LIMITS, PARAMETERS = read_limits(), Parameters()


@cache
def sample() -> tuple[dict[str, pd.DataFrame], tuple[PlantedCase, ...], date]:
    district = read_district(DATA / "district.toml")
    assert district.sample is not None
    given = (
        district,
        read_catalogue(DATA / "works_catalogue.csv"),
        read_boundaries(DATA / "boundaries", district),
    )
    return build_sample(*given), planted_cases(*given), district.sample.as_of


def judged(frames: dict[str, pd.DataFrame]) -> Findings:
    return find(frames, LIMITS, PARAMETERS, sample()[2])


@cache
def found() -> Findings:
    return judged(sample()[0])


KINDS = {
    "share_pair": {"opportunity"},
    "share_triple": {"opportunity"},
    "water_by_foul": {"horizontal_clearance"},
    "gas_by_power": {"horizontal_clearance"},
    "heating_season": {"season"},
    "unknown_depth": {"vertical_clearance"},
}


def test_every_planted_case_that_is_still_ahead_is_found() -> None:
    frames, cases, today = sample()
    listed = found().listed
    ends = frames["digs"].set_index("id")["window_end"]
    for case in cases:
        if any(ends[name] < pd.Timestamp(today) for name in case.digs):
            continue
        things = {*case.digs, *case.lines}
        rows = listed[listed["kind"].isin(KINDS[str(case.kind)]) & listed["thing_a"].isin(things)]
        if case.kind != "heating_season":
            rows = rows[rows["thing_b"].isin(things)]
        assert len(rows), case


def same(one: Findings, two: Findings) -> None:
    columns = ["id", "verdict", "measured", "required", "length_m", "reason"]
    sides = []
    for side in (one, two):
        rows = pd.DataFrame(side.listed[columns]).round(6).astype("string")
        sides.append(rows.sort_values(columns).reset_index(drop=True))
    pd.testing.assert_frame_equal(*sides)
    pd.testing.assert_frame_equal(one.counts, two.counts)


@pytest.mark.parametrize("layer", ["lines", "digs", "buildings", "ground"])
@pytest.mark.parametrize("edit", ["moved", "removed", "added"])
def test_an_edit_finds_again_what_a_whole_run_would(layer: str, edit: str) -> None:
    frames = sample()[0]
    rows = frames[layer]
    wanted = (
        (rows["state"] == "planned")
        if layer == "lines"
        else (rows["kind"] == "tree")
        if layer == "ground"
        else rows["id"].notna()
    )
    row = rows[wanted.to_numpy(dtype=bool)].iloc[[17]]
    moved = row.assign(geometry=row.geometry.map(lambda shape: affinity.translate(shape, 1.3, -0.9)))
    rest = rows[rows["id"] != row["id"].iloc[0]]
    if edit == "added":
        before, after = {**frames, layer: rest}, frames
        state = judged(before)
    else:
        state = found()
        after = {**frames, layer: rest if edit == "removed" else pd.concat([rest, moved], ignore_index=True)}
    changed = [str(row["id"].iloc[0])]
    fresh = refresh(
        state, after, changed, LIMITS, PARAMETERS, sample()[2], before={} if edit == "added" else {layer: row}
    )
    same(fresh, judged(after))


def test_another_window_changes_what_hangs_on_the_days() -> None:
    frames = sample()[0]
    digs = frames["digs"].copy()
    row = digs.iloc[[40]]
    for column in ("window_start", "window_end"):
        digs.loc[row.index, column] = row[column] + timedelta(days=30)
    after = {**frames, "digs": digs}
    fresh = refresh(
        found(), after, [str(row["id"].iloc[0])], LIMITS, PARAMETERS, sample()[2], before={"digs": row}
    )
    same(fresh, judged(after))


def test_rows_in_another_order_give_the_same_findings() -> None:
    rng = np.random.default_rng(1)
    mixed = {
        name: frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
        for name, frame in sample()[0].items()
    }
    same(found(), judged(mixed))
