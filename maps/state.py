"""What a page is looking at, as it stands in the URL: parsed, checked and written back."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from geo.errors import BadInput, UnknownTown
from geo.selection import Selection
from geo.vocabulary import Stage, Utility
from maps.palette import LINES

THEMES = ("progress", "works", "lines", "coordination", "funding")
LANGUAGES = ("zh", "en")
SHOWS = ("", "table", "matrix")
LINE_STATES = ("existing", "planned")
LONGEST_TEXT = 100

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SORT = re.compile(r"-?[a-z_0-9]{1,40}")
_PAGE = re.compile(r"[1-9]\d{0,5}")
_NUMBER = r"-?\d{1,3}(?:\.\d{1,12})?"
_VIEW = re.compile(rf"{_NUMBER},{_NUMBER},\d{{1,2}}(?:\.\d{{1,6}})?")

COMMUNITY_FILTERS = ("stage", "late", "work", "q")
LINE_FILTERS = ("owner", "kind", "state", "month")


@dataclass(frozen=True)
class Known:
    """What may be asked for: towns by code and by name, codes of works, ids of owners and communities.

    ``today`` is the last day that may be asked for.
    """

    towns: Mapping[str, str]
    works: Collection[str]
    owners: Collection[str]
    communities: Collection[str]
    today: date = date.max


@dataclass(frozen=True)
class State:
    """One look at the district, today or ``as_of`` a day that has passed.

    ``home_lang`` is the language that the URL need not name.
    """

    town: str | None = None
    theme: str = "progress"
    lang: str = "zh"
    stage: tuple[str, ...] = ()
    late: bool = False
    work: str | None = None
    owner: str | None = None
    kind: str | None = None
    state: str | None = None
    month: str | None = None
    q: str = ""
    community: str | None = None
    view: str | None = None
    show: str = ""
    sort: str = ""
    page: int = 1
    as_of: date | None = None
    home_lang: str = field(default="zh", compare=False)

    def selection(self) -> Selection:
        """The filter of this state; the selected community is looked at, not filtered by."""
        return Selection(
            town=self.town,
            stages=frozenset(Stage(stage) for stage in self.stage),
            late=self.late,
            work=self.work,
            owner=self.owner,
            utility=self.kind if self.kind in tuple(Utility) else None,
            existing=None if self.state is None else self.state == "existing",
            month=self.month,
            text=self.q,
        )

    def but(self, **changes: Any) -> "State":
        return replace(self, **changes)

    def params(self) -> dict[str, str]:
        """What differs from a fresh look, as text by parameter."""
        fresh = State(lang=self.home_lang)
        out: dict[str, str] = {}
        for part in fields(self):
            value = getattr(self, part.name)
            if part.name == "home_lang" or value == getattr(fresh, part.name):
                continue
            if isinstance(value, tuple):
                value = ",".join(value)
            out[part.name] = "1" if value is True else str(value)
        return out

    def query(self, **changes: Any) -> str:
        """The query string after ``changes``, without the question mark."""
        return urlencode(self.but(**changes).params(), safe=",")

    def url(self, **changes: Any) -> str:
        """The application's address after ``changes``."""
        after = self.but(**changes)
        params = after.params()
        path = "/table" if after.show == "table" else "/"
        if after.show == "table":
            del params["show"]
        return path + (f"?{urlencode(params, safe=',')}" if params else "")

    def link(self, path: str, *names: str, **more: str) -> str:
        """Another page's address that keeps the language, the day and the named parameters."""
        params = {name: value for name, value in self.params().items() if name in ("lang", "as_of", *names)}
        params |= more
        return path + (f"?{urlencode(params, safe=',')}" if params else "")

    def toggled_stage(self, stage: str) -> "State":
        """The same look with one stage let in or out, in the order of the plan."""
        chosen = set(self.stage) ^ {stage}
        return self.but(stage=tuple(str(s) for s in Stage if str(s) in chosen))

    def filters(self) -> tuple[str, ...]:
        """Names of the filters that hold in this theme."""
        names = LINE_FILTERS if self.theme in ("lines", "coordination") else COMMUNITY_FILTERS
        return tuple(name for name in names if getattr(self, name))

    def cleared(self) -> "State":
        """The same town, theme and language without filters."""
        return self.but(stage=(), late=False, work=None, owner=None, kind=None, state=None, month=None, q="")


NAMES = frozenset(part.name for part in fields(State)) - {"home_lang"}


def parse_state(params: Mapping[str, str], known: Known, home_lang: str, also: Collection[str] = ()) -> State:
    """The state that a query asks for; ``also`` names parameters of the route's own.

    Raises ``UnknownTown`` and ``BadInput`` (``unknown_parameter``, ``bad_parameter``): nothing is ignored.
    """
    for name in params:
        if name not in NAMES and name not in also:
            raise BadInput("unknown_parameter", parameter=name, known=", ".join(sorted({*NAMES, *also})))
    given = {name: value.strip() for name, value in params.items() if name in NAMES and value.strip()}
    out: dict[str, Any] = {"home_lang": home_lang, "lang": home_lang}
    for name, value in given.items():
        out[name] = _parsed(name, value, known)
    return State(**out)


def parse_day(text: str, today: date) -> date | None:
    """The past day that a query asks for; ``None`` where it asks for the present.

    Raises ``BadInput`` (``bad_parameter``) for what is no day and for one that is still to come.
    """
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip()) if _DAY.fullmatch(text.strip()) else None
    except ValueError:
        day = None
    if day is None or day > today:
        raise BadInput("bad_parameter", parameter="as_of", value=text[:LONGEST_TEXT], known=f"… {today}")
    return day


def _parsed(name: str, value: str, known: Known) -> Any:
    if name == "town":
        if value not in known.towns:
            raise UnknownTown(town=value[:LONGEST_TEXT], known=", ".join(known.towns))
        return known.towns[value]
    if name == "stage":
        parts = [part for part in value.split(",") if part]
        for part in parts:
            _one_of(name, part, [str(stage) for stage in Stage])
        return tuple(str(stage) for stage in Stage if str(stage) in parts)
    if name == "page":
        return int(_matching(name, value))
    if name == "as_of":
        return parse_day(value, known.today)
    if name == "late":
        return _one_of(name, value, ("1", "0")) == "1"
    choices = _choices(name, known)
    if choices is not None:
        return _one_of(name, value, choices)
    return _matching(name, value)


def _choices(name: str, known: Known) -> Collection[str] | None:
    choices: dict[str, Collection[str]] = {
        "theme": THEMES,
        "lang": LANGUAGES,
        "work": known.works,
        "owner": known.owners,
        "kind": tuple(LINES),
        "state": LINE_STATES,
        "community": known.communities,
        "show": SHOWS,
    }
    return choices.get(name)


def _one_of(name: str, value: str, choices: Collection[str]) -> str:
    if value not in choices:
        few = ", ".join(choice for choice in choices if choice) if len(choices) <= 40 else ""
        raise BadInput("bad_parameter", parameter=name, value=value[:LONGEST_TEXT], known=few)
    return value


def _matching(name: str, value: str) -> str:
    patterns = {"page": _PAGE, "month": _MONTH, "sort": _SORT, "view": _VIEW}
    pattern = patterns.get(name)
    if (pattern is not None and not pattern.fullmatch(value)) or len(value) > LONGEST_TEXT:
        raise BadInput("bad_parameter", parameter=name, value=value[:LONGEST_TEXT], known="")
    return value
