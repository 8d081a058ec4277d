"""Findings as the pages see them: a small scene, the desk over it, and a reader of the HTML it gives."""

from datetime import date
from html.parser import HTMLParser
from typing import Any

import geopandas as gpd
import pandas as pd

from geo.audience import INTERNAL, Audience
from geo.coordination.agenda import ranked
from geo.coordination.cutting import cut
from geo.coordination.judging import answers, as_judgements, follow, standing
from geo.coordination.watching import as_comments
from geo.coordination.working_days import china
from maps.figures import Figures
from maps.findingcard import finding_card
from maps.findinglook import Desk, KnownNames, Look, records
from maps.wording import wording
from tests.coordination_scenes import buildings, dig, frames, house, judge, line, path

MONDAY, THURSDAY = date(2026, 7, 13), date(2026, 7, 16)
ZONE = "Asia/Shanghai"
EVIL = '<script>alert("x")</script>'


def scene(gap: float = 0.9, name: str = "5号楼", **old: Any) -> dict[str, pd.DataFrame]:
    """A water dig with its pipe beside a drain, and a telecom dig that runs along it three weeks later."""
    pipe = {"outer_width_mm": 160.0, "outer_height_mm": 160.0, "size_text": "DN150", "dig": "wet"}
    drain = {"outer_width_mm": 380.0, "outer_height_mm": 380.0, "size_text": "DN300", "kind": "WS"}
    out = frames(
        [
            line("new", "W1", path((0, 0), (40, 0)), owner="water", community="com", **pipe),
            line(
                "old", "S", path((0, gap), (40, gap)), state="in_service", owner="drains", community="com",
                depth_reference="invert", **{**drain, **old},
            ),
        ],
        [
            dig("wet", path((0, 0), (40, 0)), "2026-08-03", "2026-08-20", owner="water", number="K-031"),
            dig("tel", path((0, 1.2), (40, 1.2)), "2026-09-01", "2026-09-10", owner="tele", utility="TX"),
        ],
    )  # fmt: skip
    out["digs"]["community"] = "com"
    out["buildings"] = buildings(("house", house(-5, -9, 45, -0.9))).assign(number=name, community="com")
    return out


OWNERS = {"water": "供水公司", "drains": "排水管理所", "tele": "电信公司"}


def known(names: KnownNames | None = None) -> KnownNames:
    return names or KnownNames(OWNERS, {"com": "朝南家园"}, {"t1": "南镇"})


def desk(
    where: dict[str, pd.DataFrame],
    rows: list[dict[str, Any]] | None = None,
    *,
    lang: str = "zh",
    audience: Audience = INTERNAL,
    today: date = THURSDAY,
    names: KnownNames | None = None,
    record: gpd.GeoDataFrame | None = None,
    kept: gpd.GeoDataFrame | None = None,
) -> Desk:
    kept = follow(record, judge(where).listed, MONDAY) if kept is None else kept
    table = answers(kept, as_judgements(pd.DataFrame(rows or [])), today=today, calendar=china())
    told = ranked(kept, standing(kept, table), {"wet": "JS", "tel": "TX"})
    seen = cut(gpd.GeoDataFrame(told, geometry="geometry", crs=kept.crs), where, audience)
    words, rows_seen = wording(lang), pd.DataFrame(seen.findings)
    return Desk(
        rows=rows_seen, answered=table, frames=where, names=known(names), towns={"com": "t1"}, words=words,
        figures=Figures(words), today=today, calendar=china(), frost_m=1.03,
    )  # fmt: skip


def said(made: Desk, kind: str, owner: str, decision: str, **more: Any) -> dict[str, Any]:
    finding = of(made, kind)
    row = {"id": f"{kind}-{owner}", "finding": finding["id"], "owner": owner, "decision": decision}
    return {**row, "by": "acc", "at": "2026-07-15T02:20:00Z", "basis": finding["basis"], **more}


def of(made: Desk, kind: str, **where: Any) -> dict[str, Any]:
    rows = made.rows[made.rows["kind"] == kind]
    for name, value in where.items():
        rows = rows[rows[name] == value]
    return records(rows)[0]


PARTIES = pd.DataFrame(
    {
        "id": list(OWNERS), "name": list(OWNERS.values()), "name_en": [None] * 3, "short_name": [None] * 3,
        "contact": ["0953-1", None, EVIL],
    }
)  # fmt: skip


def card(made: Desk, kind: str = "horizontal_clearance", **more: Any) -> dict[str, Any]:
    given = {
        "parties": PARTIES,
        "comments": as_comments(),
        "people": {"acc": "李工"},
        "timezone": ZONE,
        **more,
    }
    return finding_card(made, Look(), of(made, kind), number=1, **given)


class Checked(HTMLParser):
    """Tags that are open at the end, scripts, ids that stand twice, and the addresses of links."""

    VOID = {"input", "br", "link", "meta"}

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.scripts = 0
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.scripts += tag == "script"
        self.ids += [found["id"] or ""] if "id" in found else []
        self.links += [found["href"] or ""] if tag == "a" else []
        assert not any(name.startswith("on") or name == "style" for name in found)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def checked(html: str) -> Checked:
    found = Checked()
    found.feed(str(html))
    assert not found.open and not found.scripts
    assert len(found.ids) == len(set(found.ids))
    return found
