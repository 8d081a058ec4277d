"""Undo takes back what one revision did and nothing of what came after it."""

from collections.abc import Iterator
from datetime import date

import pandas as pd
import pytest
import shapely

from geo.errors import ContractError, DuplicateId, NotFound, PlanError, StaleRevision
from geo.store.opening import create_store
from geo.store.protocol import Store
from geo.store.record import Change, Recorded
from geo.store.reverting import undo
from geo.store.verifying import verify
from tests.test_geo_record import buildings, communities, fault, put
from tests.test_geo_store import district


@pytest.fixture
def store(location: str) -> Iterator[Store]:
    """Revision 1: communities c1 and c2 with a building each. 2: c1 is renamed and redrawn."""
    with create_store(location, district()) as store:
        homes = [Change("buildings", add=buildings(f"b{n}", community=f"c{n}")) for n in (1, 2)]
        put(store, Change("communities", add=communities("c1", "c2", stage_due=date(2026, 5, 1))), *homes)
        shape = communities("c1").translate(5, 5)
        redrawn = communities("c1", name="新名", note="记").set_geometry(shape, crs=4544)
        put(store, Change("communities", update=redrawn[["id", "name", "note", "geometry"]]))
        yield store
        assert verify(store) == []


def edit(store: Store, row: str = "c1", **columns: object) -> int:
    return put(store, Change("communities", update=pd.DataFrame({"id": [row], **columns}))).revision


def take_back(store: Store, revision: int, **what: str) -> Recorded:
    with store.view() as view:
        changes = undo(view, revision, **what)
    return put(store, *changes)


def refused(store: Store, revision: int, **what: str) -> PlanError:
    before = store.revision()
    with pytest.raises(PlanError) as caught:
        take_back(store, revision, **what)
    assert store.revision() == before
    return caught.value


def one(store: Store, row: str = "c1") -> pd.Series:
    return store.read("communities", [row]).iloc[0]


def test_only_the_columns_that_were_changed_go_back(store: Store) -> None:
    edit(store, stage="renovation", households=7)
    assert take_back(store, 2) == Recorded(4, 0, 1, 0)
    row = one(store)
    assert (row["name"], row["stage"], row["households"]) == ("朝阳家园", "renovation", 7)
    assert pd.isna(row["note"])
    assert row["geometry"].equals(shapely.box(0, 0, 10, 10))
    assert take_back(store, 4).revision == 5
    assert (one(store)["name"], one(store)["note"]) == ("新名", "记")


def test_what_somebody_changed_since_is_not_overwritten(store: Store) -> None:
    edit(store, note="又改")
    error = refused(store, 2)
    assert isinstance(error, StaleRevision)
    assert error.facts == {"layer": "communities", "row": "c1", "column": "note", "current": 3}
    edit(store, note="记")
    assert take_back(store, 2).updated == 1


def test_an_edit_between_looking_and_recording_is_seen(store: Store) -> None:
    with store.view() as view:
        changes = undo(view, 2)
    edit(store, households=9)
    with pytest.raises(StaleRevision):
        put(store, *changes)
    assert one(store)["name"] == "新名"


def test_undo_of_an_undone_revision_is_stale(store: Store) -> None:
    take_back(store, 2)
    assert refused(store, 2).code == "stale_revision"


def test_a_removed_row_comes_back_under_its_own_id_with_all_it_had(store: Store) -> None:
    before = store.read("communities")
    put(store, Change("communities", remove=["c1"]), Change("buildings", remove=["b1"]))
    assert take_back(store, 3) == Recorded(4, 2, 0, 0)
    after = store.read("communities")
    assert after["id"].tolist() == ["c2", "c1"]
    pd.testing.assert_series_equal(
        one(store).drop("row_revision"), before.iloc[0].drop("row_revision"), check_names=False
    )
    assert one(store)["row_revision"] == 4
    events = store.events(since=3)
    assert events[["layer", "row_id", "action"]].values.tolist() == [
        ["communities", "c1", "restore"],
        ["buildings", "b1", "restore"],
    ]
    assert events["before"].isna().all()
    error = refused(store, 3)
    assert isinstance(error, DuplicateId) and error.facts["row"] == "c1"


def test_one_row_of_a_revision_can_be_taken_back_alone(store: Store) -> None:
    put(store, Change("buildings", remove=["b1", "b2"]), Change("communities", remove=["c2"]))
    assert take_back(store, 3, layer="buildings", row="b1").added == 1
    assert store.read("buildings")["id"].tolist() == ["b1"]
    assert isinstance(refused(store, 3, layer="buildings", row="b2"), ContractError)
    assert take_back(store, 3, layer="communities").added == 1
    assert take_back(store, 3, layer="buildings", row="b2").added == 1


def test_what_was_added_goes_if_nothing_of_it_was_changed_or_is_named(store: Store) -> None:
    with pytest.raises(StaleRevision) as caught:
        take_back(store, 1)
    assert (caught.value.facts["row"], caught.value.facts["column"]) == ("c1", "geometry")
    put(store, Change("buildings", add=buildings("b3", community="c2")))
    assert isinstance(refused(store, 1, layer="communities", row="c2"), ContractError)
    take_back(store, 3)
    assert take_back(store, 1, layer="buildings").removed == 2
    take_back(store, 1, layer="communities", row="c2")
    take_back(store, 2)
    assert take_back(store, 1, layer="communities", row="c1").removed == 1
    assert not len(store.read("communities"))


def test_rows_with_different_columns_go_back_in_one_revision(store: Store) -> None:
    put(
        store,
        Change("communities", update=pd.DataFrame({"id": ["c1", "c2"], "households": [3, 4]})),
        Change("communities", update=pd.DataFrame({"id": ["c2"], "stage": ["renovation"]})),
        Change("buildings", add=buildings("b9")),
        Change("buildings", remove=["b9"]),
    )
    assert take_back(store, 3) == Recorded(4, 0, 2, 0)
    frame = store.read("communities")
    assert frame["households"].isna().all() and frame["stage"].tolist() == ["survey", "survey"]


@pytest.mark.parametrize(
    ("revision", "what", "code"),
    [
        (0, {}, "no_such_revision"),
        (9, {}, "no_such_revision"),
        (2, {"layer": "buildings"}, "no_such_change"),
        (2, {"layer": "communities", "row": "c2"}, "no_such_change"),
        (2, {"layer": "communities", "row": "\0"}, "no_such_change"),
    ],
)
def test_what_is_not_there_cannot_be_undone(
    revision: int, what: dict[str, str], code: str, store: Store
) -> None:
    error = refused(store, revision, **what)
    assert isinstance(error, NotFound) and error.code == code


def test_an_update_of_a_row_that_has_gone_cannot_be_undone(store: Store) -> None:
    put(store, Change("communities", remove=["c1"]), Change("buildings", remove=["b1"]))
    error = refused(store, 2)
    assert isinstance(error, NotFound) and error.code == "no_such_row"


def test_only_what_was_removed_can_be_restored(store: Store) -> None:
    assert isinstance(_refused(store, Change("communities", restore=communities("c1"))), DuplicateId)
    never = _refused(store, Change("communities", restore=communities("c9")))
    assert isinstance(never, NotFound) and never.facts == {"layer": "communities", "row": "c9", "count": 1}
    put(store, Change("buildings", remove=["b1"]))
    assert fault(store, Change("buildings", restore=buildings("b1", community="c9"))) == {
        ("unknown_reference", "b1", "community", "c9")
    }
    assert put(store, Change("buildings", restore=buildings("b1", community="c2"))) == Recorded(4, 1, 0, 0)
    assert isinstance(_refused(store, Change("buildings", add=buildings("b1"))), DuplicateId)


def _refused(store: Store, change: Change) -> PlanError:
    with pytest.raises(PlanError) as caught:
        put(store, change)
    return caught.value
