"""What a page of findings looks at: the filters, as they stand in the URL, and the desk it is made from."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.coordination.judging import BUREAU, REPLY_DAYS
from geo.coordination.working_days import WorkingDays
from geo.errors import BadInput
from geo.vocabulary import FindingKind, Verdict
from maps.figures import Figures
from maps.state import LONGEST_TEXT
from maps.wording import Wording

Frames = Mapping[str, pd.DataFrame]

PATH = "/findings"
STATES = ("open", "judged", "archived", "all")
SORTS = ("harm", "due", "new")
VERDICTS = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.NEEDS_REVIEW, Verdict.OPPORTUNITY)
FILTERS = ("town", "community", "owner", "kind", "verdict", "week")
ANYBODY = "bureau"
"""In the URL: what the bureau itself answers for."""

_WEEK = re.compile(r"(\d{4})-W(\d{2})")
_NUMBER = re.compile(r"[1-9]\d{0,5}")


@dataclass(frozen=True)
class Look:
    """One look at the findings. ``state`` is ``open`` unless said otherwise; ``week`` is ``2026-W31``."""

    town: str | None = None
    community: str | None = None
    owner: str | None = None
    kind: str | None = None
    verdict: str | None = None
    week: str | None = None
    state: str = "open"
    sort: str = "harm"
    page: int = 1
    lang: str = "zh"
    home_lang: str = field(default="zh", compare=False)

    def but(self, **changes: Any) -> "Look":
        """Another look; a changed filter begins at the first page."""
        return replace(self, **({"page": 1} | changes))

    def params(self) -> dict[str, str]:
        """What differs from a fresh look, as text by parameter."""
        fresh = Look(lang=self.home_lang)
        names = [part.name for part in fields(self) if part.name != "home_lang"]
        return {
            name: str(getattr(self, name)) for name in names if getattr(self, name) != getattr(fresh, name)
        }

    def url(self, **changes: Any) -> str:
        """Address of the list after ``changes``."""
        return address(PATH, self.but(**changes).params())

    def card_url(self, finding: str) -> str:
        """Address of one finding that leads back to this look."""
        return address(f"{PATH}/{quote(finding, safe='')}", self.params())

    def filters(self) -> tuple[str, ...]:
        return tuple(name for name in FILTERS if getattr(self, name))

    def cleared(self) -> "Look":
        return self.but(**dict.fromkeys(FILTERS), state="open")


def address(path: str, params: Mapping[str, str]) -> str:
    """A path with its query."""
    return path + (f"?{urlencode(params)}" if params else "")


@dataclass(frozen=True)
class KnownNames:
    """What may be asked for: names by id of owners, communities and towns."""

    owners: Mapping[str, str]
    communities: Mapping[str, str]
    towns: Mapping[str, str]


def parse_look(params: Mapping[str, str], known: KnownNames, home_lang: str = "zh") -> Look:
    """The look that a query asks for. Raises ``BadInput`` (``unknown_parameter``, ``bad_parameter``)."""
    choices: dict[str, Collection[str]] = {
        "town": known.towns,
        "community": known.communities,
        "owner": {*known.owners, ANYBODY},
        "kind": [str(kind) for kind in FindingKind],
        "verdict": [str(verdict) for verdict in VERDICTS],
        "state": STATES,
        "sort": SORTS,
        "lang": ("zh", "en"),
    }
    out: dict[str, Any] = {"home_lang": home_lang, "lang": home_lang}
    for name, value in params.items():
        if name not in (*choices, "week", "page"):
            raise BadInput("unknown_parameter", parameter=name, known=", ".join((*choices, "week", "page")))
        given = value.strip()
        if not given:
            continue
        if name in choices and given not in choices[name]:
            few = ", ".join(choices[name]) if len(choices[name]) <= 40 else ""
            raise BadInput("bad_parameter", parameter=name, value=given[:LONGEST_TEXT], known=few)
        if name == "page" and not _NUMBER.fullmatch(given):
            raise BadInput("bad_parameter", parameter=name, value=given[:LONGEST_TEXT], known="")
        if name == "week":
            week_of(given)
        out[name] = int(given) if name == "page" else given
    return Look(**out)


def week_of(text: str) -> tuple[date, date]:
    """Monday and Sunday of an ISO week such as ``2026-W31``. Raises ``BadInput``."""
    found = _WEEK.fullmatch(text)
    try:
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        monday = None
    if monday is None:
        raise BadInput("bad_parameter", parameter="week", value=text[:LONGEST_TEXT], known="2026-W31")
    return monday, monday + timedelta(days=6)


def week_name(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


@dataclass(frozen=True, eq=False)
class Desk:
    """What every page of findings is made from, as one reader may see it.

    ``rows`` are those of ``agenda.ranked`` (after ``cutting.cut``: with ``hidden``), ``answered`` those of
    ``judging.answers``, ``frames`` the layers that the reader may see, ``towns`` town by community.
    """

    rows: pd.DataFrame
    answered: pd.DataFrame
    frames: Frames
    names: KnownNames
    towns: Mapping[str, str]
    words: Wording
    figures: Figures
    today: date
    calendar: WorkingDays
    reply_days: int = REPLY_DAYS
    frost_m: float | None = None

    @cached_property
    def _layers(self) -> dict[str, tuple[pd.Index, dict[str, Any]]]:
        return {}

    def row(self, layer: Any, row: Any) -> dict[str, Any] | None:
        """The row of a thing, ``None`` where the reader does not see it."""
        frame = None if pd.isna(layer) else self.frames.get(str(layer))
        if frame is None or frame.empty or pd.isna(row):
            return None
        if layer not in self._layers:
            columns = {str(name): frame[name].array for name in frame.columns}
            self._layers[str(layer)] = pd.Index(frame["id"].astype(object)), columns
        index, columns = self._layers[str(layer)]
        place = index.get_indexer(pd.Index([row], dtype=object))[0]
        return None if place < 0 else {name: values[place] for name, values in columns.items()}

    def owner_name(self, owner: Any) -> str:
        if pd.isna(owner) or owner == BUREAU:
            return self.words("finding.bureau")
        return self.names.owners.get(str(owner), str(owner))

    def community_name(self, community: Any) -> str:
        if pd.isna(community):
            return self.words("finding.outside")
        return self.names.communities.get(str(community), str(community))

    @cached_property
    def sides(self) -> Mapping[str, frozenset[str]]:
        """Who answers for each finding."""
        out: dict[str, set[str]] = {}
        for finding, owner in zip(self.answered["finding"], self.answered["owner"], strict=True):
            out.setdefault(finding, set()).add(owner)
        return {finding: frozenset(owners) for finding, owners in out.items()}

    @cached_property
    def _columns(self) -> dict[str, npt.NDArray[np.object_]]:
        return {}

    def column(self, name: str) -> npt.NDArray[np.object_]:
        """A column of text of ``rows`` as an array, ``""`` where it is missing."""
        if name not in self._columns:
            values = self.rows[name].astype(object)
            self._columns[name] = values.where(values.notna(), "").to_numpy(dtype=object)
        return self._columns[name]


def week_label(words: Wording, week: str) -> str:
    monday, sunday = week_of(week)
    return words("finding.week", week=int(week[-2:]), days=words.days(monday, sunday))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dictionaries by name of the column."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
