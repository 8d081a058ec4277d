"""The list of findings: rows that pass the filters, counts that equal the list, pages."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.coordination.judging import BUREAU, OPEN, Status
from geo.vocabulary import FindingKind
from maps.findingcard import row_view
from maps.findinglook import (
    ANYBODY,
    SORTS,
    STATES,
    VERDICTS,
    Desk,
    Look,
    address,
    records,
    week_label,
    week_name,
    week_of,
)

Bools = npt.NDArray[np.bool_]
PAGE = 50


def picked(desk: Desk, look: Look, *without: str) -> pd.DataFrame:
    """Rows that pass the filters of ``look`` except those named, in its order."""
    return _sorted(desk.rows[Sieve(desk, look).passing(*without)], look.sort)


class Sieve:
    """Which rows pass which filter of a look: each filter is worked out once for the list and its counts."""

    def __init__(self, desk: Desk, look: Look) -> None:
        self.desk = desk
        asked = {name: str(getattr(look, name)) for name in _TESTS if getattr(look, name)}
        self.masks = {name: _TESTS[name](desk, wanted) for name, wanted in asked.items()}

    def passing(self, *without: str) -> Bools:
        """Rows that pass every filter but those named."""
        keep = np.ones(len(self.desk.rows), dtype=bool)
        for name, mask in self.masks.items():
            if name not in without:
                keep &= mask
        return keep

    def counts(self, name: str) -> Counter[str]:
        """How often each value of a column occurs, as if the filter of that name were not set."""
        return Counter(self.desk.column(name)[self.passing(name)].tolist())


def _is(name: str) -> "Test":
    """Rows whose column has the value that is asked for."""
    return lambda desk, wanted: np.asarray(desk.column(name) == wanted, dtype=bool)


def _of_town(desk: Desk, town: str) -> Bools:
    return np.array([desk.towns.get(community) == town for community in desk.column("community")], dtype=bool)


def _in_state(desk: Desk, state: str) -> Bools:
    status = desk.column("status")
    if state == "all":
        return np.asarray(status != str(Status.ARCHIVED), dtype=bool)
    if state == "open":
        return np.isin(status.astype(str), [str(one) for one in OPEN])
    return np.asarray(status == state, dtype=bool)


def _of_owner(desk: Desk, owner: str) -> Bools:
    """Findings that an owner answers for or is named in."""
    wanted = BUREAU if owner == ANYBODY else owner
    out = np.array([wanted in desk.sides.get(finding, ()) for finding in desk.column("id")], dtype=bool)
    if wanted:
        out |= (desk.column("owner_a") == wanted) | (desk.column("owner_b") == wanted)
    return out


def _in_week(desk: Desk, week: str) -> Bools:
    """Findings whose works are open in the week; those without dates are in none."""
    monday, sunday = (np.datetime64(day, "D") for day in week_of(week))
    start, end = (desk.rows[name].to_numpy(dtype="datetime64[D]") for name in ("window_start", "window_end"))
    return np.asarray((start <= sunday) & (end >= monday))


Test = Callable[[Desk, str], Bools]
_TESTS: Mapping[str, Test] = {
    "state": _in_state,
    "town": _of_town,
    "community": _is("community"),
    "owner": _of_owner,
    "kind": _is("kind"),
    "verdict": _is("verdict"),
    "week": _in_week,
}


def _sorted(rows: pd.DataFrame, sort: str) -> pd.DataFrame:
    if sort == "due":
        return rows.sort_values(["due", "harm", "id"], ascending=[True, False, True], kind="stable")
    if sort == "new":
        return rows.sort_values(["since", "harm", "id"], ascending=[False, False, True], kind="stable")
    return rows


def findings_list(desk: Desk, look: Look) -> dict[str, Any]:
    """What ``findings.html`` fills in: one page of rows, the filters with their counts, totals by verdict."""
    sieve = Sieve(desk, look)
    rows = _sorted(desk.rows[sieve.passing()], look.sort)
    pages = max(-(-len(rows) // PAGE), 1)
    page = min(look.page, pages)
    start = (page - 1) * PAGE
    shown = records(rows.iloc[start : start + PAGE])
    return {
        "look": look,
        "count": len(rows),
        "title": desk.words("finding.list.title", count=desk.figures.count(len(rows)), n=len(rows)),
        "rows": [row_view(desk, look, row, start + place) for place, row in enumerate(shown, start=1)],
        "page": page,
        "pages": pages,
        "before_url": look.url(page=page - 1) if page > 1 else "",
        "after_url": look.url(page=page + 1) if page < pages else "",
        "verdicts": _facet(sieve, look, "verdict", [str(one) for one in VERDICTS], "verdict"),
        "kinds": _facet(sieve, look, "kind", [str(one) for one in FindingKind], "finding_kind"),
        "states": _states(sieve, look),
        "sorts": [
            {
                "name": desk.words(f"finding.sort.{sort}"),
                "url": look.url(sort=sort),
                "current": look.sort == sort,
            }
            for sort in SORTS
        ],
        "owners": _owners(sieve, look),
        "communities": _communities(sieve, look),
        "weeks": _weeks(sieve, look),
        "chips": [_chip(desk, look, name) for name in look.filters()],
        "cleared_url": look.cleared().url(),
        "exports": {
            kind: address(f"/api/findings.{kind}", look.params()) for kind in ("gpkg", "xlsx", "dxf")
        },
        "overdue": int(rows["overdue"].fillna(False).sum()),
        "clock": desk.words("finding.clock_rule", days=desk.reply_days),
    }


def _facet(sieve: Sieve, look: Look, name: str, codes: Collection[str], words: str) -> list[dict[str, Any]]:
    """Choices of a filter with their counts as if it were not set; those that nothing has are left out."""
    counts = sieve.counts(name)
    current = getattr(look, name)
    return [
        {
            "code": code,
            "name": sieve.desk.words(f"{words}.{code}"),
            "count": counts[code],
            "url": look.url(**{name: None if current == code else code}),
            "pressed": current == code,
        }
        for code in codes
        if counts[code] or current == code
    ]


def _states(sieve: Sieve, look: Look) -> list[dict[str, Any]]:
    every, desk = sieve.passing("state"), sieve.desk
    return [
        {
            "code": state,
            "name": desk.words(f"finding.state.{state}"),
            "count": int((every & _in_state(desk, state)).sum()),
            "url": look.url(state=state),
            "pressed": look.state == state,
        }
        for state in STATES
    ]


def _owners(sieve: Sieve, look: Look) -> list[dict[str, Any]]:
    desk = sieve.desk
    counts: dict[str, int] = {}
    for finding in desk.column("id")[sieve.passing("owner")]:
        for owner in desk.sides.get(finding, ()):
            counts[owner or ANYBODY] = counts.get(owner or ANYBODY, 0) + 1
    if look.owner:
        counts.setdefault(look.owner, 0)
    named = {owner: desk.owner_name(BUREAU if owner == ANYBODY else owner) for owner in counts}
    order = sorted(counts, key=lambda owner: (-counts[owner], named[owner]))
    return [_option(owner, named[owner], counts[owner], look.owner) for owner in order]


def _communities(sieve: Sieve, look: Look) -> list[dict[str, Any]]:
    desk, known = sieve.desk, {name: count for name, count in sieve.counts("community").items() if name}
    if look.community:
        known.setdefault(look.community, 0)
    order = sorted(known, key=lambda community: (-known[community], desk.community_name(community)))
    return [_option(one, desk.community_name(one), known[one], look.community) for one in order]


def _weeks(sieve: Sieve, look: Look) -> list[dict[str, Any]]:
    """The next weeks, from this one on, with the findings whose works are open in them."""
    every, desk = sieve.passing("week"), sieve.desk
    names = [week_name(desk.today + timedelta(weeks=place)) for place in range(12)]
    if look.week and look.week not in names:
        names.insert(0, look.week)
    return [
        _option(name, week_label(desk.words, name), int((every & _in_week(desk, name)).sum()), look.week)
        for name in names
    ]


def _option(code: str, name: str, count: int, current: str | None) -> dict[str, Any]:
    return {"code": code, "name": name, "count": count, "selected": code == current}


def _chip(desk: Desk, look: Look, name: str) -> dict[str, str]:
    value = str(getattr(look, name))
    shown: dict[str, Callable[[], str]] = {
        "town": lambda: desk.names.towns.get(value, value),
        "community": lambda: desk.community_name(value),
        "owner": lambda: desk.owner_name(BUREAU if value == ANYBODY else value),
        "kind": lambda: desk.words(f"finding_kind.{value}"),
        "verdict": lambda: desk.words(f"verdict.{value}"),
        "week": lambda: week_label(desk.words, value),
    }
    return {"label": shown[name](), "url": look.url(**{name: None})}
