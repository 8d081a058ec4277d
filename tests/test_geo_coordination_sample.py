"""The rules find the sample's planted cases and nothing else: whatever the seed, and as the district's own
figures have it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.boundaries import read_boundaries
from geo.coordination.coordinate import find
from geo.coordination.findings import Findings
from geo.coordination.limits import read_limits
from geo.coordination.parameters import Parameters
from geo.district import read_district
from geo.programme.catalogue import read_catalogue
from geo.sample.digs import PlantedCase
from geo.sample.district import build_sample, planted_cases, sample_consents
from geo.sample.trenches import CaseKind
from geo.vocabulary import FindingKind, Verdict

DATA = Path(__file__).parent.parent / "data"
DISTRICT = read_district(DATA / "district.toml")
GIVEN = (
    DISTRICT,
    read_catalogue(DATA / "works_catalogue.csv"),
    read_boundaries(DATA / "boundaries", DISTRICT),
)
LIMITS, DEFAULTS = read_limits(), Parameters()
SEEDS = (None, 1, 2, 3, 4, 5)

SHARED = (FindingKind.OPPORTUNITY, FindingKind.DUG_TWICE, FindingKind.SAME_DAYS)
FOUND_AS: Mapping[CaseKind, tuple[tuple[FindingKind, ...], Verdict | None]] = {
    CaseKind.SHARE_PAIR: (SHARED, None),
    CaseKind.SHARE_TRIPLE: (SHARED, None),
    CaseKind.WATER_BY_FOUL: ((FindingKind.HORIZONTAL,), Verdict.FAIL),
    CaseKind.GAS_BY_POWER: ((FindingKind.HORIZONTAL,), Verdict.FAIL),
    CaseKind.HEATING_SEASON: ((FindingKind.SEASON,), Verdict.FAIL),
    CaseKind.UNKNOWN_DEPTH: ((FindingKind.VERTICAL,), Verdict.UNKNOWN),
    CaseKind.FRESH_PAVING: ((FindingKind.FRESH_PAVING,), Verdict.FAIL),
    CaseKind.WATER_TOO_DEEP: ((FindingKind.VERTICAL,), Verdict.FAIL),
    CaseKind.TOO_SHALLOW: ((FindingKind.COVER,), Verdict.FAIL),
    CaseKind.NO_CONSENT: ((FindingKind.PROTECTION,), Verdict.FAIL),
}
# what is wrong with one dig, whatever lies beside it
ALONE = (CaseKind.HEATING_SEASON, CaseKind.FRESH_PAVING, CaseKind.TOO_SHALLOW)


@cache
def sample(seed: int | None) -> tuple[dict[str, pd.DataFrame], tuple[PlantedCase, ...]]:
    frames = build_sample(*GIVEN, seed=seed)
    return {**frames, "consents": sample_consents(*GIVEN, seed=seed)}, planted_cases(*GIVEN, seed=seed)


def today() -> date:
    assert DISTRICT.sample is not None
    return DISTRICT.sample.as_of


def judged(seed: int | None, parameters: Parameters = DEFAULTS) -> Findings:
    return find(sample(seed)[0], LIMITS, parameters, today())


def about(case: PlantedCase, listed: pd.DataFrame) -> np.ndarray:
    """Which findings are what a case is planted for."""
    kinds, verdict = FOUND_AS[case.kind]
    things = {*case.digs, *case.lines}
    rows = listed["kind"].isin([str(kind) for kind in kinds]) & listed["thing_a"].isin(things)
    if verdict is not None:
        rows &= listed["verdict"] == str(verdict)
    if case.kind not in ALONE:
        rows &= listed["thing_b"].isin(things)
    return rows.to_numpy(dtype=bool)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_planted_cases_are_found_and_nothing_else(seed: int | None) -> None:
    cases, listed = sample(seed)[1], judged(seed).listed
    rows = [about(case, listed) for case in cases]
    assert [case for case, found in zip(cases, rows, strict=True) if not found.any()] == []
    planted = np.logical_or.reduce(rows)
    strangers = listed.loc[~planted, ["kind", "verdict", "thing_a", "thing_b", "measured", "required"]]
    assert strangers.to_dict("records") == []


@pytest.mark.parametrize("seed", SEEDS)
def test_every_pair_that_can_share_is_seen_by_the_rule_that_fits_its_windows(seed: int | None) -> None:
    frames, cases = sample(seed)
    listed, digs = judged(seed).listed, frames["digs"].set_index("id")
    for case in (case for case in cases if case.kind is CaseKind.SHARE_PAIR):
        rows = listed[about(case, listed)]
        one, two = (digs.loc[name] for name in case.digs)
        together = one["window_start"] <= two["window_end"] and two["window_start"] <= one["window_end"]
        kinds = {FindingKind.OPPORTUNITY}
        if rows["kind"].isin([FindingKind.SAME_DAYS, FindingKind.DUG_TWICE]).any():
            kinds |= {FindingKind.SAME_DAYS if together else FindingKind.DUG_TWICE}
        assert sorted(rows["kind"]) == sorted(map(str, kinds))
        gas = "RQ" in {one["utility"], two["utility"]}
        reasons = rows.loc[rows["kind"] == FindingKind.OPPORTUNITY, "reason"]
        assert reasons.fillna("").tolist() == ["gas_own_bed" if gas else ""]


def test_each_kind_of_case_is_there() -> None:
    assert {case.kind for case in sample(None)[1]} == set(CaseKind)


def test_without_the_owners_consents_their_zones_show() -> None:
    frames = {name: frame for name, frame in sample(None)[0].items() if name != "consents"}
    bare = find(frames, LIMITS, DEFAULTS, today())
    kinds = bare.listed["kind"].value_counts()
    agreed = judged(None).listed["kind"].value_counts()
    assert kinds[FindingKind.PROTECTION] > agreed[FindingKind.PROTECTION]
    rest = kinds.drop(FindingKind.PROTECTION)
    assert rest.to_dict() == agreed.drop(FindingKind.PROTECTION).to_dict()


@pytest.mark.parametrize(
    "changes",
    [
        {"frost_depth_m": 1.2},
        {"largest_outer_m": 0.6},
        {"yard_paving_days": 730},
        {"least_length_m": 15.0},
        {"gate_clear_m": 2.5},
        {"twice_within_days": 365},
    ],
)
def test_other_figures_of_the_district_bring_no_stranger(changes: dict[str, float]) -> None:
    listed = judged(None, replace(DEFAULTS, **changes)).listed
    planted = np.logical_or.reduce([about(case, listed) for case in sample(None)[1]])
    assert listed.loc[~planted, "kind"].tolist() == []


def test_a_stricter_figure_brings_what_it_forbids() -> None:
    strict = judged(None, replace(DEFAULTS, gate_clear_m=7.0)).listed
    assert (strict["rule"] == "gates").any()
    deep = judged(None, replace(DEFAULTS, frost_depth_m=1.6)).listed
    assert (deep.loc[deep["rule"] == "frost", "verdict"] == Verdict.FAIL).any()
