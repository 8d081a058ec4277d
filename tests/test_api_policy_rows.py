"""Who may change which row and how, and that one row is seen exactly where frames of it are."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from api.editing.desk import Desk
from api.editing.given import Row
from api.policy import (
    MAY,
    NOBODY,
    ROLES,
    SCOPES,
    Need,
    Principal,
    Way,
    actions,
    adds,
    audience_of,
    may,
    may_change,
    sees,
)
from api.wiring import Services
from geo.audience import masks
from geo.errors import NotAllowed, NotFound
from geo.layers import LAYERS
from geo.vocabulary import Role

A, B = "town-a", "town-b"
MINE, THEIRS = "owner-1", "owner-2"
WAYS = {Role.PUBLIC: Way.NOBODY}


class Board:
    """A few rows to look up, and which of them lie in the outline of town A."""

    rows: Mapping[tuple[str, str], Row] = {
        ("communities", "ca"): {"id": "ca", "town": A},
        ("communities", "cb"): {"id": "cb", "town": B},
        ("digs", "mine"): {"id": "mine", "owner": MINE, "community": "ca", "state": "draft"},
        ("digs", "theirs"): {"id": "theirs", "owner": THEIRS, "community": "cb", "state": "draft"},
        ("digs", "street"): {"id": "street", "owner": THEIRS, "community": None, "state": "draft"},
    }

    def row(self, layer: str, row: str) -> Row | None:
        return self.rows.get((layer, row))

    def inside(self, town: str, row: Mapping[str, Any]) -> bool:
        return town == A and row.get("geometry") != "far"


BOARD = Board()


def somebody(role: Role, way: Way = Way.SESSION, *scopes: str) -> Principal:
    town = A if role is Role.TOWN else None
    owner = MINE if role is Role.UTILITY else None
    return Principal("u1", "n", role, WAYS.get(role, way), town, owner, frozenset(scopes))


def verdict(principal: Principal, layer: str, action: str, before: Row | None, after: Row | None) -> str:
    try:
        may_change(principal, layer, action, before, after, BOARD)
    except (NotAllowed, NotFound) as error:
        return error.code
    return "allowed"


def dig(owner: str = MINE, state: str = "draft", **more: Any) -> Row:
    return {"id": "d", "owner": owner, "community": "ca", "state": state, **more}


def in_town(community: str | None, **more: Any) -> Row:
    return {"id": "r", "community": community, **more}


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.PLANNER])
def test_the_bureau_changes_everything(role: Role, layer: str) -> None:
    row = {"id": "x", "state": "approved"}
    for action, before, after in (
        ("add", None, row),
        ("update", row, row),
        ("remove", row, None),
        ("restore", None, row),
    ):
        assert verdict(somebody(role), layer, action, before, after) == "allowed"


@pytest.mark.parametrize("layer", LAYERS)
def test_viewers_and_the_public_change_nothing(layer: str) -> None:
    row = {"id": "x", "state": "draft", "community": "ca", "owner": MINE}
    assert verdict(somebody(Role.VIEWER), layer, "update", row, row) == "change_not_allowed"
    assert verdict(NOBODY, layer, "update", row, row) in ("change_not_allowed", "no_such_row")
    assert not {role for role, named in MAY if role in (Role.VIEWER, Role.PUBLIC)}


TOWN_CASES = [
    ("communities", "update", {"id": "ca", "town": A}, {"id": "ca", "town": A}, "allowed"),
    ("communities", "update", {"id": "ca", "town": A}, {"id": "ca", "town": B}, "row_not_yours"),
    ("communities", "update", {"id": "cb", "town": B}, {"id": "cb", "town": A}, "no_such_row"),
    ("communities", "add", None, {"id": "cc", "town": A}, "change_not_allowed"),
    ("communities", "remove", {"id": "ca", "town": A}, None, "change_not_allowed"),
    ("buildings", "add", None, in_town("ca"), "allowed"),
    ("buildings", "add", None, in_town("cb"), "row_not_yours"),
    ("buildings", "add", None, in_town(None, town=A), "allowed"),
    ("buildings", "add", None, in_town(None, town=B), "row_not_yours"),
    ("buildings", "add", None, in_town("nowhere"), "row_not_yours"),
    ("works", "update", in_town("ca"), in_town("cb"), "row_not_yours"),
    ("works", "remove", in_town("ca"), None, "allowed"),
    ("works", "remove", in_town("cb"), None, "no_such_row"),
    ("works", "restore", None, in_town("ca"), "allowed"),
    ("works", "restore", None, in_town("cb"), "no_such_row"),
    ("ground", "update", in_town("ca"), in_town("ca"), "allowed"),
    ("ground", "update", in_town(None), in_town(None), "row_not_yours"),
    ("ground", "update", in_town("cb"), in_town("cb"), "no_such_row"),
    ("inspections", "add", None, in_town("ca"), "allowed"),
    ("inspections", "remove", in_town("ca"), None, "change_not_allowed"),
    ("lines", "update", in_town("ca"), in_town("ca"), "change_not_allowed"),
    ("lines", "update", in_town("cb"), in_town("cb"), "no_such_row"),
    ("lines", "update", in_town(None), in_town(None), "change_not_allowed"),
    ("lines", "update", in_town(None, geometry="far"), in_town(None), "no_such_row"),
    ("files", "add", None, in_town("ca", dig=None), "allowed"),
    ("files", "add", None, in_town(None, dig="mine"), "allowed"),
    ("files", "add", None, in_town(None, dig="street"), "allowed"),
    ("files", "add", None, in_town(None, dig="theirs"), "row_not_yours"),
    ("files", "add", None, in_town("cb", dig="mine"), "row_not_yours"),
    ("files", "add", None, in_town("ca", dig="nowhere"), "row_not_yours"),
    ("files", "add", None, in_town(None, dig=None), "row_not_yours"),
]


@pytest.mark.parametrize(("layer", "action", "before", "after", "said"), TOWN_CASES)
def test_a_town_changes_what_is_its_own(
    layer: str, action: str, before: Row | None, after: Row | None, said: str
) -> None:
    assert verdict(somebody(Role.TOWN), layer, action, before, after) == said


UTILITY_CASES = [
    ("lines", "add", None, {"id": "l", "owner": MINE}, "allowed"),
    ("lines", "add", None, {"id": "l", "owner": THEIRS}, "row_not_yours"),
    ("lines", "update", {"id": "l", "owner": MINE}, {"id": "l", "owner": THEIRS}, "row_not_yours"),
    ("lines", "update", {"id": "l", "owner": THEIRS}, {"id": "l", "owner": MINE}, "no_such_row"),
    ("nodes", "remove", {"id": "n", "owner": MINE}, None, "allowed"),
    ("works", "update", in_town("ca"), in_town("ca"), "change_not_allowed"),
    ("inspections", "update", in_town("ca"), in_town("ca"), "no_such_row"),
    ("files", "add", None, {"id": "f", "dig": "mine"}, "allowed"),
    ("files", "add", None, {"id": "f", "dig": "theirs"}, "row_not_yours"),
    ("files", "add", None, {"id": "f", "dig": None, "community": "ca"}, "row_not_yours"),
    ("files", "remove", {"id": "f", "dig": "theirs"}, None, "no_such_row"),
    ("digs", "add", None, dig(), "allowed"),
    ("digs", "add", None, dig(state="submitted"), "allowed"),
    ("digs", "add", None, dig(state="approved"), "dig_state_not_yours"),
    ("digs", "update", dig(), dig(state="submitted"), "allowed"),
    ("digs", "update", dig(state="submitted"), dig(state="withdrawn"), "allowed"),
    ("digs", "update", dig(state="submitted"), dig(state="approved"), "dig_state_not_yours"),
    ("digs", "update", dig(state="approved"), dig(state="approved", note="x"), "allowed"),
    ("digs", "update", dig(state="approved"), dig(state="withdrawn"), "allowed"),
    ("digs", "update", dig(state="approved"), dig(state="draft"), "dig_settled"),
    ("digs", "update", dig(state="open"), dig(state="withdrawn"), "dig_settled"),
    ("digs", "update", dig(state="open"), dig(state="closed"), "dig_state_not_yours"),
    ("digs", "update", dig(state="closed", geometry="1"), dig(state="closed", geometry="2"), "dig_settled"),
    ("digs", "update", dig(state="approved", width_m=1.0), dig(state="approved", width_m=2.0), "dig_settled"),
    ("digs", "update", dig(geometry="1"), dig(geometry="2"), "allowed"),
    ("digs", "remove", dig(), None, "allowed"),
    ("digs", "remove", dig(state="approved"), None, "dig_settled"),
    ("digs", "remove", dig(THEIRS), None, "no_such_row"),
    ("digs", "restore", None, dig(), "allowed"),
    ("digs", "restore", None, dig(THEIRS), "no_such_row"),
]


@pytest.mark.parametrize(("layer", "action", "before", "after", "said"), UTILITY_CASES)
def test_a_utility_changes_what_is_its_own_and_leaves_the_bureau_its_say(
    layer: str, action: str, before: Row | None, after: Row | None, said: str
) -> None:
    assert verdict(somebody(Role.UTILITY), layer, action, before, after) == said


def test_an_inspector_inspects_and_photographs() -> None:
    inspector, row = somebody(Role.INSPECTOR), in_town("ca")
    assert verdict(inspector, "inspections", "add", None, row) == "allowed"
    assert verdict(inspector, "inspections", "update", row, row) == "allowed"
    assert verdict(inspector, "inspections", "remove", row, None) == "change_not_allowed"
    assert verdict(inspector, "files", "add", None, in_town("ca", dig=None)) == "allowed"
    assert verdict(inspector, "files", "add", None, in_town("ca", dig="mine")) == "row_not_yours"
    assert verdict(inspector, "works", "update", row, row) == "change_not_allowed"


def test_what_is_not_seen_is_told_as_what_is_not_there() -> None:
    with pytest.raises(NotFound) as caught:
        may_change(somebody(Role.UTILITY), "digs", "update", dig(THEIRS), dig(THEIRS), BOARD)
    assert (caught.value.code, caught.value.facts) == ("no_such_row", {"layer": "digs", "row": "d"})


def test_only_sessions_tokens_to_edit_and_the_command_line_change_anything() -> None:
    row = {"id": "x"}
    said = {
        way: verdict(somebody(Role.PLANNER, way), "works", "update", row, row)
        for way in (Way.SESSION, Way.COMMAND_LINE, Way.SHARE, Way.TOKEN, Way.NOBODY)
    }
    assert [way for way, told in said.items() if told == "allowed"] == [Way.SESSION, Way.COMMAND_LINE]
    to_edit = somebody(Role.PLANNER, Way.TOKEN, "edit")
    assert verdict(to_edit, "works", "update", row, row) == "allowed"
    assert adds(to_edit, "works") and not adds(somebody(Role.PLANNER, Way.TOKEN, "read"), "works")
    assert not adds(somebody(Role.VIEWER), "works")


def test_pages_know_what_may_be_pressed() -> None:
    utility = somebody(Role.UTILITY)
    assert actions(utility, "digs", dig(), BOARD) == ["update", "remove"]
    assert actions(utility, "digs", dig(state="approved"), BOARD) == ["update"]
    assert actions(utility, "digs", dig(THEIRS), BOARD) == []
    assert actions(somebody(Role.VIEWER), "digs", dig(), BOARD) == []


def test_needs_by_role_way_and_scope() -> None:
    assert may(NOBODY, Need.OPEN) and may(NOBODY, Need.PUBLIC_VIEW)
    assert not any(may(NOBODY, need) for need in set(Need) - {Need.OPEN, Need.PUBLIC_VIEW})
    link = somebody(Role.VIEWER, Way.SHARE)
    assert {need for need in Need if may(link, need)} == {Need.OPEN, Need.PUBLIC_VIEW, Need.SEE}
    assert not may(somebody(Role.TOWN), Need.ACCOUNTS) and may(somebody(Role.ADMINISTRATOR), Need.ACCOUNTS)
    for need in Need:
        token = somebody(Role.ADMINISTRATOR, Way.TOKEN, SCOPES.get(need, ""))
        assert may(token, need) == (need in SCOPES or need is Need.OPEN)
        assert not may(somebody(Role.ADMINISTRATOR, Way.TOKEN), need) or need is Need.OPEN
    assert set(ROLES) == set(Need)


@pytest.fixture(scope="module")
def lookers(services: Services) -> Iterator[list[Principal]]:
    frames = services.keeper.current().frames
    towns, owners = services.district.town_codes(), frames["digs"]["owner"].dropna().unique()[:2]
    yield [
        NOBODY,
        Principal("v", "v", Role.VIEWER, Way.SESSION),
        *(Principal("t", "t", Role.TOWN, Way.SESSION, town=town) for town in towns),
        *(Principal("o", "o", Role.UTILITY, Way.SESSION, owner=str(owner)) for owner in owners),
    ]


@pytest.mark.parametrize("layer", LAYERS)
def test_one_row_is_seen_as_the_frames_are(services: Services, lookers: list[Principal], layer: str) -> None:
    frames = services.keeper.current().frames
    frame = frames[layer]
    step = max(1, len(frame) // 60)
    for principal in lookers:
        seen = masks(frames, audience_of(principal))[layer]
        with services.store.view() as view:
            desk = Desk(view)
            desk.fetch(LAYERS[layer], list(frame["id"].iloc[::step]))
            for place in range(0, len(frame), step):
                row = desk.row(layer, str(frame["id"].iloc[place]))
                assert row is not None
                assert sees(principal, layer, row, desk) == bool(seen[place]), (principal, row["id"])
