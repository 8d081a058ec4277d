"""The one place that decides who may do what: which routes, which rows, which changes.

What of the rows each audience reads is ``geo.audience``, fed by ``audience_of``; ``sees`` says the same of
one row, and a test holds the two together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

from geo.audience import INTERNAL, PUBLIC, Audience
from geo.errors import NotAllowed, NotFound
from geo.layers import LAYERS
from geo.vocabulary import AudienceKind, DigState, Role

Row = Mapping[str, Any]
Action = Literal["add", "update", "remove", "restore"]


class Need(StrEnum):
    """What a route asks of whoever calls it."""

    OPEN = "open"
    """Nothing: health, styles, the sign-in page."""
    PUBLIC_VIEW = "public_view"
    """Nothing, but what is shown is what the caller's audience may see."""
    SEE = "see"
    """Somebody signed in, a token or a shared link."""
    EDIT = "edit"
    """Somebody who may change something; which rows is decided row by row."""
    EXPORT = "export"
    """Somebody signed in, or a token that may: files of rows."""
    SHARE = "share"
    ACCOUNTS = "accounts"
    SELF = "self"
    """A person's own account, password and tokens."""


class Way(StrEnum):
    """How a principal came in."""

    NOBODY = "nobody"
    SESSION = "session"
    TOKEN = "token"
    SHARE = "share"
    COMMAND_LINE = "command_line"


@dataclass(frozen=True)
class Principal:
    """Who calls. ``town`` for the role town, ``owner`` for the role utility."""

    id: str
    name: str
    role: Role
    way: Way
    town: str | None = None
    owner: str | None = None
    scopes: frozenset[str] = field(default_factory=frozenset)
    csrf: str = ""


NOBODY = Principal("", "", Role.PUBLIC, Way.NOBODY)

SIGNED_IN = frozenset(Role) - {Role.PUBLIC}
ROLES: Mapping[Need, frozenset[Role]] = {
    Need.OPEN: frozenset(Role),
    Need.PUBLIC_VIEW: frozenset(Role),
    Need.SEE: SIGNED_IN,
    Need.EXPORT: SIGNED_IN,
    Need.EDIT: SIGNED_IN - {Role.VIEWER},
    Need.SHARE: frozenset((Role.ADMINISTRATOR, Role.PLANNER, Role.TOWN, Role.UTILITY)),
    Need.ACCOUNTS: frozenset((Role.ADMINISTRATOR,)),
    Need.SELF: SIGNED_IN,
}
"""Which roles may knock at a route at all; what of the rows they get is decided row by row."""

READ, EDIT, EXPORT = "read", "edit", "export"
SCOPES: Mapping[Need, str] = {
    Need.PUBLIC_VIEW: READ,
    Need.SEE: READ,
    Need.EXPORT: EXPORT,
    Need.EDIT: EDIT,
}
"""What a token must carry for a need; needs that are not here are for people, not for tokens."""

SHOWN = frozenset((Need.PUBLIC_VIEW, Need.SEE))
"""What a shared link opens, of the page and the data that it covers (``api.sharing``)."""


def may(principal: Principal, need: Need) -> bool:
    """Whether somebody may call a route that needs ``need``."""
    if need is Need.OPEN:
        return True
    if principal.role not in ROLES[need]:
        return False
    if principal.way is Way.TOKEN:
        return SCOPES.get(need) in principal.scopes
    return principal.way is not Way.SHARE or need in SHOWN


def audience_of(principal: Principal) -> Audience:
    """Whose eyes the rows are for."""
    if principal.role is Role.PUBLIC:
        return PUBLIC
    if principal.role is Role.TOWN:
        return Audience(AudienceKind.TOWN, town=principal.town)
    if principal.role is Role.UTILITY:
        return Audience(AudienceKind.UTILITY, owner=principal.owner)
    return INTERNAL


class Place(Protocol):
    """What the rules look up beside the row itself."""

    def row(self, layer: str, row: str) -> Row | None:
        """A row by its id, ``None`` where there is none."""

    def inside(self, town: str, row: Row) -> bool:
        """Whether a row's geometry lies in the surveyed outline of a town."""


Rule = Callable[[Principal, Row, Place], bool]


def _any(principal: Principal, row: Row, place: Place) -> bool:
    return True


def _never(principal: Principal, row: Row, place: Place) -> bool:
    return False


def _own_town(principal: Principal, row: Row, place: Place) -> bool:
    return principal.town is not None and row.get("town") == principal.town


def _home(principal: Principal, row: Row, place: Place) -> bool:
    """The row's community is of the town."""
    community = place.row("communities", row["community"]) if row.get("community") else None
    return community is not None and _own_town(principal, community, place)


def _home_or_own_town(principal: Principal, row: Row, place: Place) -> bool:
    """A building of no community has the town itself."""
    return _home(principal, row, place) or (not row.get("community") and _own_town(principal, row, place))


def _home_or_public(principal: Principal, row: Row, place: Place) -> bool:
    """Streets and what stands in them are there for everybody."""
    return not row.get("community") or _home(principal, row, place)


def _home_or_inside(principal: Principal, row: Row, place: Place) -> bool:
    """Pipes and digs of no community are of the town in whose surveyed outline they lie."""
    if row.get("community"):
        return _home(principal, row, place)
    return principal.town is not None and place.inside(principal.town, row)


def _own(principal: Principal, row: Row, place: Place) -> bool:
    return principal.owner is not None and row.get("owner") == principal.owner


def _file_at_home(principal: Principal, row: Row, place: Place) -> bool:
    """What a file names has to be of the town, community and dig alike, and it has to name one."""
    if not row.get("community") and not row.get("dig"):
        return False
    if row.get("community") and not _home(principal, row, place):
        return False
    dig = place.row("digs", row["dig"]) if row.get("dig") else None
    return not row.get("dig") or (dig is not None and _home_or_inside(principal, dig, place))


def _file_of_own_dig(principal: Principal, row: Row, place: Place) -> bool:
    dig = place.row("digs", row["dig"]) if row.get("dig") else None
    return dig is not None and _own(principal, dig, place)


def _file_of_community(principal: Principal, row: Row, place: Place) -> bool:
    return bool(row.get("community")) and not row.get("dig")


SEES: Mapping[AudienceKind, Mapping[str, Rule]] = {
    AudienceKind.INTERNAL: dict.fromkeys(LAYERS, _any),
    AudienceKind.TOWN: {
        "boundaries": _any,
        "owners": _any,
        "communities": _own_town,
        "buildings": _home_or_own_town,
        "ground": _home_or_public,
        "lines": _home_or_inside,
        "nodes": _home_or_inside,
        "digs": _home_or_inside,
        "works": _home,
        "inspections": _home,
        "files": _file_at_home,
    },
    AudienceKind.UTILITY: {
        **dict.fromkeys(("boundaries", "owners", "communities", "buildings", "ground", "works"), _any),
        **dict.fromkeys(("lines", "nodes", "digs"), _own),
        "files": _file_of_own_dig,
    },
    AudienceKind.PUBLIC: dict.fromkeys(("boundaries", "communities", "buildings", "ground"), _any),
}


def sees(principal: Principal, layer: str, row: Row, place: Place) -> bool:
    """Whether somebody sees one row, as ``geo.audience.masks`` says it of frames."""
    return SEES[audience_of(principal).kind].get(layer, _never)(principal, row, place)


EVERYTHING = frozenset(("add", "update", "remove", "restore"))
WRITES = frozenset(("add", "update"))


@dataclass(frozen=True)
class Right:
    """What a role may do to rows of a layer, and to which: ``rule`` holds of the row before and after."""

    actions: frozenset[str]
    rule: Rule


MAY: Mapping[tuple[Role, str], Right] = {
    **{
        (role, layer): Right(EVERYTHING, _any)
        for role in (Role.ADMINISTRATOR, Role.PLANNER)
        for layer in LAYERS
    },
    # Which communities there are is the plan's, and so the bureau's.
    (Role.TOWN, "communities"): Right(frozenset(("update",)), _own_town),
    (Role.TOWN, "buildings"): Right(EVERYTHING, _home_or_own_town),
    (Role.TOWN, "works"): Right(EVERYTHING, _home),
    (Role.TOWN, "ground"): Right(EVERYTHING, _home),
    (Role.TOWN, "inspections"): Right(WRITES, _home),
    (Role.TOWN, "files"): Right(EVERYTHING, _file_at_home),
    (Role.UTILITY, "lines"): Right(EVERYTHING, _own),
    (Role.UTILITY, "nodes"): Right(EVERYTHING, _own),
    (Role.UTILITY, "digs"): Right(EVERYTHING, _own),
    (Role.UTILITY, "files"): Right(EVERYTHING, _file_of_own_dig),
    (Role.INSPECTOR, "inspections"): Right(WRITES, _any),
    (Role.INSPECTOR, "files"): Right(frozenset(("add",)), _file_of_community),
}
"""Who may change what; what is not here nobody may. Viewers and the public change nothing."""

OWNERS_STATES = frozenset((DigState.DRAFT, DigState.SUBMITTED, DigState.WITHDRAWN))
"""What an owner makes of its own dig; approved, open and closed are the bureau's."""
APPROVED = ("geometry", "width_m", "depth_m", "window_start", "window_end")
"""What was approved, and is no longer the owner's to change."""


def may_change(
    principal: Principal, layer: str, action: str, before: Row | None, after: Row | None, place: Place
) -> None:
    """Raise unless somebody may make ``after`` of ``before``; ``None`` is a row that is not there.

    ``NotFound`` (``no_such_row``), as of an absent row, for a row that they do not see: before a change, or
    as it comes back. ``NotAllowed`` for one that they see but may not change, or not so.
    """
    known = after if action == "restore" else before
    if known is not None and not sees(principal, layer, known, place):
        raise NotFound("no_such_row", layer=layer, row=known["id"])
    right = MAY.get((principal.role, layer))
    if right is None or action not in right.actions or not _writes(principal):
        raise NotAllowed("change_not_allowed", layer=layer, action=action)
    for side in (before, after):
        if side is not None and not right.rule(principal, side, place):
            raise NotAllowed("row_not_yours", layer=layer)
    if principal.role is Role.UTILITY and layer == "digs":
        _refuse_bureaus(before, after)


def _writes(principal: Principal) -> bool:
    """Whether somebody came in by a way that changes anything at all."""
    if principal.way is Way.TOKEN:
        return EDIT in principal.scopes
    return principal.way in (Way.SESSION, Way.COMMAND_LINE)


def _refuse_bureaus(before: Row | None, after: Row | None) -> None:
    """Raise ``NotAllowed`` for what of an owner's dig is the bureau's to say."""
    was = before["state"] if before is not None else None
    settled = was is not None and was not in OWNERS_STATES
    if after is None:
        if settled:
            raise NotAllowed("dig_settled", state=was)
        return
    state = after["state"]
    if state not in OWNERS_STATES and state != was:
        raise NotAllowed("dig_state_not_yours", state=state)
    if not settled or before is None:
        return
    if state != was and (was, state) != (DigState.APPROVED, DigState.WITHDRAWN):
        raise NotAllowed("dig_settled", state=was)
    if any(before.get(name) != after.get(name) for name in APPROVED):
        raise NotAllowed("dig_settled", state=was)


def actions(principal: Principal, layer: str, row: Row, place: Place) -> list[str]:
    """What of ``update`` and ``remove`` somebody may do to a row as it is; for pages and scripts."""
    allowed = []
    sides: tuple[tuple[str, Row | None], ...] = (("update", row), ("remove", None))
    for action, after in sides:
        try:
            may_change(principal, layer, action, row, after, place)
        except (NotAllowed, NotFound):
            continue
        allowed.append(action)
    return allowed


def adds(principal: Principal, layer: str, action: str = "add") -> bool:
    """Whether somebody may add rows of a layer somewhere, or do ``action`` to some; for pages and scripts."""
    right = MAY.get((principal.role, layer))
    return right is not None and action in right.actions and _writes(principal)
