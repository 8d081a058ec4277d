"""The district as it stood: the rows, the figures and the words of a day that has passed."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from api.wiring import Services, now, open_services
from geo.audience import Audience
from geo.programme.progress import standing
from geo.store.opening import create_from
from geo.store.record import Change, record
from geo.vocabulary import AudienceKind, Role
from tests.service_fixtures import signed_in

HTML = {"accept": "text/html"}
OWNER = "own-water"
BEFORE, FIRST, SECOND, LAST = "2024-02-29", "2024-03-01", "2024-04-10", "2024-04-11"
"""Before the record begins; the days of its three revisions, the last two 31 minutes apart over midnight."""
MOMENTS = (
    datetime(2024, 3, 1, 2, tzinfo=UTC),
    datetime(2024, 4, 10, 15, 59, 59, 999_999, tzinfo=UTC),
    datetime(2024, 4, 10, 16, 30, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def past(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The sample's rows with a history of three revisions, in a store that is no sample."""
    path = tmp_path_factory.mktemp("past") / "district.gpkg"
    frames = services.keeper.current().frames
    meta = {name: text for name, text in services.store.meta().items() if name not in ("revision", "as_of")}
    with create_from(str(path), {**meta, "sample": "false"}) as store:
        added = [
            Change(name, add=frame.drop(columns="row_revision"))
            for name, frame in frames.items()
            if len(frame)
        ]
        change(store, 0, added)
        change(store, 1, [renamed(frames, "第二版", "renovation")])
        line = own_line(frames)
        moved = frames["lines"].loc[frames["lines"]["id"] == line, ["id"]].assign(owner="own-gas")
        change(store, 2, [renamed(frames, "第三版", "acceptance"), Change("lines", update=moved)])
    opened = open_services(Settings(store=str(path)))
    yield opened
    opened.close()


def own_line(frames: Any) -> str:
    lines = frames["lines"]
    return str(lines.loc[(lines["owner"] == OWNER) & (lines["community"] == "com-01"), "id"].iloc[0])


def renamed(frames: Any, name: str, stage: str) -> Change:
    rows = frames["communities"].loc[frames["communities"]["id"] == "com-01", ["id"]]
    return Change("communities", update=rows.assign(name=name, stage=stage))


def change(store: Any, number: int, changes: list[Change]) -> None:
    record(store, changes, actor=f"who{number}", at=MOMENTS[number], origin="test")


@pytest.fixture(scope="module")
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def planner(past: Services, opened: ExitStack) -> TestClient:
    return signed_in(create_app(past), opened, Role.PLANNER)


def page(client: TestClient, url: str, status: int = 200) -> str:
    answer = client.get(url, headers=HTML)
    assert answer.status_code == status, (url, answer.status_code, answer.text[:300])
    return answer.text


def payload(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="plate-payload">(.*?)</script>', html, re.S)
    assert found
    told: dict[str, Any] = json.loads(found[1])
    return told


def name_in(told: dict[str, Any]) -> str:
    layer = told["layers"]["communities"]
    return str(layer["columns"]["name"][layer["id"].index("com-01")])


def test_a_day_shows_its_last_revision_by_the_districts_clock(
    planner: TestClient, services: Services
) -> None:
    first = services.atlas().community_names["com-01"]
    for day, revision, name in (
        (FIRST, 1, first),
        ("2024-04-09", 1, first),
        (SECOND, 2, "第二版"),
        (LAST, 3, "第三版"),
    ):
        told = payload(page(planner, f"/map?as_of={day}"))
        assert (told["as_of"], told["revision"], name_in(told)) == (day, revision, name)
        assert told["asks"] == {"as_of": day} and day in told["past"]["sentence"]
        assert name in page(planner, f"/table?as_of={day}")
        assert name in planner.get(f"/api/export?format=csv&as_of={day}").text
        status = planner.get(f"/api/status?as_of={day}").json()
        assert (status["as_of"], status["revision"]) == (day, revision)
        assert name in page(planner, f"/community/com-01?as_of={day}")
    assert (
        "past" not in payload(page(planner, "/map")) and name_in(payload(page(planner, "/map"))) == "第三版"
    )


def test_figures_are_those_of_the_day(planner: TestClient, past: Services) -> None:
    for day in (SECOND, LAST, "2025-06-30"):
        atlas = past.atlas(as_of=date.fromisoformat(day))
        frames = atlas.frames
        wanted = standing(
            frames["communities"], frames["buildings"], frames["works"], date.fromisoformat(day)
        )
        rows = planner.get(f"/api/communities?as_of={day}").json()["rows"]
        assert [row["late_days"] for row in rows] == wanted["late_days"].tolist()
        assert [row["planned"] for row in rows] == [
            None if pd.isna(one) else round(one, 6) for one in wanted["planned"]
        ]


def test_every_link_keeps_the_day_but_the_way_back(planner: TestClient) -> None:
    for url in (
        "/",
        "/?theme=lines",
        "/?theme=works&show=matrix",
        "/table",
        "/community/com-01",
        f"/owner/{OWNER}",
    ):
        html = page(planner, f"{url}{'&' if '?' in url else '?'}as_of={SECOND}&lang=en")
        assert f"As it stood on {SECOND} (revision r2)" in html
        main = html[html.index("<main") : html.index("</main>")]
        links = [link for link in re.findall(r'href="(/[^"#]*)', main) if not link.startswith("/static")]
        nav = re.search(r'<nav class="themes".*?</nav>', html, re.S)
        assert nav and len(links) > 3
        links += re.findall(r'href="([^"]*)"', nav.group())
        links += re.findall(r'class="lang" href="([^"]*)"', html)
        assert not [link for link in links if f"as_of={SECOND}" not in link], url
        back = re.search(r'id="past".*?<a href="([^"]*)"', html)
        assert back and "as_of" not in back[1] and "lang=en" in back[1]
        assert planner.get(back[1].replace("&amp;", "&")).status_code == 200
    assert f'name="as_of" value="{SECOND}"' in page(planner, f"/?as_of={SECOND}")


def test_before_the_record_there_is_nothing_and_a_sentence(planner: TestClient) -> None:
    html = page(planner, f"/?as_of={BEFORE}&lang=en")
    assert html.count(f"Nothing was recorded yet on {BEFORE}. The record begins on {FIRST}") >= 2
    for theme in ("works", "lines", "coordination", "funding"):
        assert "Back to today" in page(planner, f"/?as_of={BEFORE}&theme={theme}&lang=en")
    told = payload(page(planner, f"/map?as_of={BEFORE}"))
    assert told["revision"] == 0 and not any(layer["count"] for layer in told["layers"].values())
    assert planner.get(f"/api/communities?as_of={BEFORE}").json()["count"] == 0
    assert planner.get(f"/api/export?as_of={BEFORE}").status_code == 200
    page(planner, f"/community/com-01?as_of={BEFORE}", 404)


@pytest.mark.parametrize("day", ["3000-01-01", "2024-02-30", "2024-4-1", "gestern", "20240401", "2024-W10-1"])
def test_a_day_that_cannot_be_meant_is_refused(planner: TestClient, day: str) -> None:
    for url in ("/", "/map", "/api/status", "/community/com-01", "/api/export"):
        answer = planner.get(f"{url}?as_of={day}")
        assert answer.status_code == 422 and answer.json()["facts"]["parameter"] == "as_of"
    assert planner.get(f"/?as_of={SECOND}&as_of={LAST}").status_code == 422


def test_today_is_the_present(planner: TestClient, past: Services) -> None:
    today = past.today().isoformat()
    assert "past" not in payload(page(planner, f"/map?as_of={today}"))
    assert f"as_of={today}" not in page(planner, f"/?as_of={today}")


def test_the_past_has_its_own_mark(planner: TestClient) -> None:
    marks = {
        planner.get(url).headers["etag"] for url in ("/map", f"/map?as_of={LAST}", f"/map?as_of={SECOND}")
    }
    assert len(marks) == 3
    again = planner.get(
        f"/map?as_of={LAST}", headers={"if-none-match": planner.get(f"/map?as_of={LAST}").headers["etag"]}
    )
    assert again.status_code == 304


def test_history_stops_at_the_day(planner: TestClient) -> None:
    for day, names in ((FIRST, ()), (SECOND, ("第二版",)), (LAST, ("第二版", "第三版"))):
        html = page(planner, f"/community/com-01?tab=history&as_of={day}")
        rows = html[html.index('id="rows"') :]
        assert [name for name in ("第二版", "第三版") if name in rows] == list(names), day


def test_an_audience_sees_its_own_past(past: Services, opened: ExitStack) -> None:
    client = signed_in(create_app(past), opened, Role.UTILITY, owner=OWNER)
    line = own_line(past.atlas(as_of=date.fromisoformat(FIRST)).frames)
    then, today = (
        {row["id"] for row in client.get(f"/api/lines?limit=10000{day}").json()["rows"]}
        for day in (f"&as_of={SECOND}", "")
    )
    assert then - today == {line} and not today - then
    public = signed_in(create_app(past), opened, None)
    for url in (f"/?as_of={SECOND}", f"/map?as_of={SECOND}", f"/api/status?as_of={SECOND}"):
        assert public.get(url).status_code == 401
    assert public.get("/?as_of=3000-01-01").status_code == 422


def test_days_are_kept_and_never_confused(past: Services) -> None:
    day = date.fromisoformat(SECOND)
    utility = Audience(AudienceKind.UTILITY, owner=OWNER)
    atlas = past.atlas(as_of=day)
    assert past.atlas(as_of=day) is atlas and past.atlas(utility, day) is past.atlas(utility, day)
    assert past.atlas(utility, day).frames["ground"] is atlas.frames["ground"]
    for number in range(1, 9):
        assert past.atlas(as_of=date(2024, 5, number)).as_of == date(2024, 5, number)
    assert past.atlas(as_of=day) is not atlas
    pd.testing.assert_frame_equal(past.atlas(as_of=day).standing, atlas.standing)


def test_later_changes_do_not_touch_the_past(own_services: Services, own_client: TestClient) -> None:
    """In the sample, too, where today is a day of its own and the record has the calendar's."""
    today = own_services.last_day()
    assert today >= own_services.today()
    before = own_services.atlas(as_of=today).community_names["com-01"]
    row = own_services.store.read("communities", ["com-01"])[["id"]].assign(name="今天改的")
    record(own_services.store, [Change("communities", update=row)], actor="t", at=now(), origin="test")
    assert before != "今天改的" == own_services.atlas(as_of=today).community_names["com-01"]
    assert "今天改的" in own_client.get(f"/map?as_of={today}").text
    assert own_services.atlas(as_of=date(2001, 1, 1)).revision == 0
