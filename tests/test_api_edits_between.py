"""What happens between the look and the record, and other turns that an edit seldom takes."""

from datetime import timedelta

import geopandas as gpd
import pandas as pd
import pytest

from api.editing.asking import ask_of
from api.editing.desk import Desk
from api.editing.faults import told_facts
from api.editing.recording import edit
from api.happenings import Filter, history
from api.policy import Principal, Way
from geo.errors import BadInput, ContractError, NotFound
from geo.store.record import Change, record
from geo.vocabulary import Role
from maps.wording import wording
from tests.conftest import gpkg_only
from tests.edit_scenes import AT, HERE, Site, patch

PLANNER = Principal("p", "p", Role.PLANNER, Way.SESSION)
OWNER = Principal("u", "u", Role.UTILITY, Way.SESSION, owner="o1")


def change(site: Site, layer: str, **values: str) -> None:
    frame = pd.DataFrame({name: [value] for name, value in values.items()})
    record(site.services.store, [Change(layer, update=frame)], actor="i", at=AT + timedelta(1), origin="t")


@gpkg_only
def test_a_row_that_is_taken_away_meanwhile_is_not_there(site: Site) -> None:
    """Between the look and the record the line was given to another owner."""
    ask = ask_of({"action": "update", "layer": "lines", "id": "l1", "seen": 1, "fields": {"note": "x"}})
    with pytest.raises(NotFound) as caught:
        edit(site.services, OWNER, [ask], ready=lambda: change(site, "lines", id="l1", owner="o2"))
    assert (caught.value.code, caught.value.facts["row"]) == ("no_such_row", "l1")
    assert site.services.store.revision() == 2


def test_a_row_that_goes_meanwhile_is_named_by_nobody(site: Site) -> None:
    def remove() -> None:
        removed = [Change("buildings", remove=["b2"])]
        record(site.services.store, removed, actor="i", at=AT + timedelta(1), origin="t")

    ask = ask_of({"action": "update", "layer": "works", "id": "w1", "seen": 1, "fields": {"building": "b2"}})
    with pytest.raises(ContractError) as caught:
        edit(site.services, PLANNER, [ask], ready=remove)
    assert [fault.code for fault in caught.value.facts["faults"]] == ["unknown_reference"]
    assert site.services.store.revision() == 2


@gpkg_only
def test_what_was_given_away_since_is_reverted_by_its_new_owner_only(site: Site) -> None:
    utility = site.as_role(Role.UTILITY, owner="o1")
    patch(utility, "/api/rows/lines/l1", fields={"note": "x"})
    patch(site.planner, "/api/rows/lines/l1", fields={"owner": "o2"})
    refused = utility.post("/api/revisions/2/revert", json={})
    assert (refused.status_code, refused.json()["code"]) == (404, "no_such_revision")
    assert site.services.store.revision() == 3


@gpkg_only
def test_what_lies_in_a_surveyed_town_is_the_towns(site: Site) -> None:
    """A line of no community is of the town in whose outline it lies, where that was surveyed."""
    town, store = site.as_role(Role.TOWN, town=HERE), site.services.store
    change(site, "lines", id="l1", community=None)  # type: ignore[arg-type]
    assert town.get("/api/rows/lines/l1").status_code == 404
    outlines = store.read("boundaries")
    lines = store.read("lines", ["l1"])
    around = gpd.GeoSeries([lines.geometry.iloc[0].buffer(300)], crs=outlines.crs)
    own = outlines[(outlines["code"] == HERE).to_numpy(bool)].iloc[:1]
    surveyed = gpd.GeoDataFrame(
        {"id": own["id"].to_numpy(), "schematic": [False]}, geometry=around.array, crs=outlines.crs
    )
    record(store, [Change("boundaries", update=surveyed)], actor="i", at=AT + timedelta(1), origin="t")
    assert town.get("/api/rows/lines/l1").status_code == 200
    with store.view() as view:
        desk, row = Desk(view), {"geometry": None}
        assert not desk.inside(HERE, row) and not desk.inside("nowhere", row)


@gpkg_only
def test_a_store_without_outlines_takes_shapes_anywhere(site: Site) -> None:
    store = site.services.store
    gone = [Change("boundaries", remove=store.read("boundaries")["id"].tolist())]
    record(store, gone, actor="i", at=AT + timedelta(1), origin="t")
    far = {"type": "LineString", "coordinates": [[106.9, 37.5], [106.9, 37.6]]}
    assert patch(site.planner, "/api/rows/digs/d1", geometry=far).status_code == 200


@gpkg_only
def test_truth_is_true(site: Site) -> None:
    done = patch(site.planner, "/api/rows/communities/c1", fields={"sample": True})
    assert done.json()["fields"]["sample"] is True


@gpkg_only
def test_the_history_by_person_and_day(site: Site) -> None:
    patch(site.planner, "/api/rows/communities/c1", fields={"note": "x"})
    late = site.services.store.events()["at"].iloc[-1]
    added = history(site.services, PLANNER, Filter(actor="importer", row="c1"), None, 9)
    assert [(one.row, one.action) for one in added.events] == [("c1", "add")]
    assert len(history(site.services, PLANNER, Filter(since=late.to_pydatetime()), None, 9).events) == 1
    end = history(site.services, PLANNER, Filter(row="nothing"), "1.3", 9)
    assert (end.events, end.next) == ([], None)


def test_other_faults_stay_as_they_are() -> None:
    words = wording("zh")
    assert told_facts(BadInput("bad_input", faults="x"), words) == {"faults": "x"}
    assert told_facts(BadInput("bad_input", faults=("x",)), words) == {"faults": ("x",)}
