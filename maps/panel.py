"""The side panel of the progress, works and funding themes: the figures of what is on the map."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geo.programme.reconcile import FUNDING, is_equal, reconcile
from geo.programme.scope import item_counts
from geo.programme.status import by_stage
from geo.selection import pick_communities
from geo.vocabulary import FundingSource, WorkPart
from maps.atlas import Atlas
from maps.figures import Figures
from maps.reader import NOBODY, Reader
from maps.state import State
from maps.wording import Wording

LATE_SHOWN = 8
TOWN_ROWS_SHOWN = 60


@dataclass(frozen=True)
class Scene:
    """What every part of a page is made from."""

    atlas: Atlas
    state: State
    words: Wording
    figures: Figures
    reader: Reader = NOBODY

    def standing(self, **changes: Any) -> pd.DataFrame:
        """Communities that pass the filter, after ``changes`` to the state."""
        selection = self.state.but(**changes).selection()
        return pick_communities(self.atlas.standing, self.atlas.frames["works"], selection)

    def words_of(self, section: str) -> dict[str, str]:
        """Words by code of one section of the locale."""
        return {key[len(section) + 1 :]: text for key, text in self.words.section(section).items()}

    def work_names(self) -> dict[str, str]:
        """Short name of each item of the catalogue by code."""
        return {kind.code: self.words.work(kind) for kind in self.atlas.catalogue}

    def town_name(self, code: Any) -> str:
        return self.atlas.district.town_names(self.words.lang).get(code, str(code))


def panel(scene: Scene) -> dict[str, Any]:
    """What the panel's template fills in, for the themes that look at communities."""
    standing = scene.standing()
    figures = scene.atlas.totals_of(standing)
    parts = {"progress": _progress, "works": _works, "funding": _funding}
    shared = {
        "title": title(scene, len(standing), "app.panel.communities"),
        "chips": chips(scene),
        "late": late_list(scene, standing),
        "waiting": waiting(scene, standing),
        "towns": town_table(scene, standing, figures),
    }
    return shared | parts[scene.state.theme](scene, standing, figures)


def title(scene: Scene, count: int, key: str) -> str:
    """``全区 25 个小区``, or the town's, or how many of them pass the filter."""
    words, state = scene.words, scene.state
    place = scene.town_name(state.town) if state.town else words("app.panel.district")
    if state.filters():
        place = words("app.panel.filtered", place=place)
    return words(key, place=place, count=scene.figures.count(count), n=count)


def chips(scene: Scene) -> list[dict[str, str]]:
    """One chip per filter that holds in this theme, each with the address without it."""
    state = scene.state
    empty: dict[str, Any] = {"stage": (), "late": False, "q": ""}
    return [
        {
            "label": filter_label(scene, name),
            "url": state.url(**{name: empty.get(name)}),
            "key": f"chip-{name}",
        }
        for name in state.filters()
    ]


def filter_label(scene: Scene, name: str) -> str:
    words, state = scene.words, scene.state
    if name == "late":
        return words("app.filter.late")
    value = getattr(state, name)
    shown: dict[str, Callable[[], str]] = {
        "stage": lambda: words("app.list").join(words(f"stage.{stage}") for stage in state.stage),
        "work": lambda: scene.work_names().get(value, value),
        "owner": lambda: scene.atlas.owner_names(words.lang).get(value, value),
        "kind": lambda: words(f"utility.{value}"),
        "state": lambda: words(f"app.line_state.{value}"),
    }
    text = shown[name]() if name in shown else str(value)
    return words("app.filter.label", name=words(f"app.filter.{name}"), value=text)


def _progress(scene: Scene, standing: pd.DataFrame, figures: pd.Series) -> dict[str, Any]:
    return {
        "headline": headline(scene, figures),
        "figures": four_figures(scene, figures),
        "stages": stage_rows(scene),
    }


def headline(scene: Scene, figures: pd.Series) -> dict[str, Any]:
    """Progress weighted by investment, the plan's tick, and by how much it is behind or ahead."""
    done, plan = figures["progress"], figures["planned"]
    show = scene.figures.share
    known = not pd.isna(done)
    return {
        "value": show(done),
        "unit": "%" if known else "",
        "label": scene.words("app.panel.progress"),
        "done": round(float(done), 2) if known else 0,
        "plan": None if pd.isna(plan) else round(float(plan), 2),
        "sentence": against_plan(scene, done, plan),
    }


def against_plan(scene: Scene, done: Any, plan: Any) -> str:
    """``计划 48.0%，慢 3.3 个百分点``, reckoned from the rounded figures that are shown."""
    if pd.isna(done) or pd.isna(plan):
        return ""
    behind = round(float(plan), 1) - round(float(done), 1)
    key = (
        "app.panel.behind"
        if behind > 0.049
        else "app.panel.ahead"
        if behind < -0.049
        else "app.panel.on_plan"
    )
    return scene.words(key, plan=scene.figures.percent(plan), points=f"{abs(behind):.1f}")


def four_figures(scene: Scene, figures: pd.Series) -> list[dict[str, str]]:
    """Buildings, area, households and investment, each with its word."""
    show, words = scene.figures, scene.words
    return [
        {"value": show.count(figures["buildings"]), "label": words("app.figure.buildings")},
        {"value": show.area(figures["floor_area_dm2"]), "label": words("app.figure.area")},
        {"value": show.count(figures["households"]), "label": words("app.figure.households")},
        {"value": show.money(figures["investment_fen"]), "label": investment_label(scene)},
    ]


def investment_label(scene: Scene) -> str:
    """Says whether the whole district's investment equals the plan; nothing of the plan for a part of it."""
    if scene.state.town or scene.state.filters() or not scene.atlas.has_plan:
        return scene.words("app.figure.investment")
    table = reconcile(scene.atlas.standing, scene.atlas.district).set_index("figure")
    difference = int(table["difference"]["investment_fen"])
    if difference == 0:
        return scene.words("app.figure.investment_equal")
    return scene.words("app.figure.investment_differs", difference=scene.figures.money(difference))


def stage_rows(scene: Scene) -> list[dict[str, Any]]:
    """The legend: six stages with their counts as if no stage were chosen, then the late ones."""
    state = scene.state
    table = by_stage(scene.standing(stage=()))
    widest = max(int(table["communities"].max()), 1)
    rows = [
        {
            "code": stage,
            "name": scene.words(f"stage.{stage}"),
            "count": int(row["communities"]),
            "width": round(100 * int(row["communities"]) / widest, 1),
            "households": scene.figures.count(row["households"]),
            "url": state.toggled_stage(str(stage)).url(),
            "pressed": stage in state.stage,
        }
        for stage, row in table.iterrows()
    ]
    late = scene.atlas.totals_of(scene.standing(late=False))
    return [
        *rows,
        {
            "code": "late",
            "name": scene.words("app.filter.late"),
            "count": int(late["late"]),
            "width": 0,
            "households": scene.figures.count(late["late_households"]),
            "url": state.url(late=not state.late),
            "pressed": state.late,
        },
    ]


def town_table(scene: Scene, standing: pd.DataFrame, figures: pd.Series) -> dict[str, Any]:
    """Rows by town of the whole district, or by community of one town; the total is the panel's own."""
    if scene.state.town:
        rows = _community_rows(scene, standing)
    else:
        rows = _town_rows(scene, standing)
    total = _figure_cells(scene, figures) | {"communities": scene.figures.count(figures["communities"])}
    return {
        "by": "community" if scene.state.town else "town",
        "rows": rows,
        "more": max(len(standing) - len(rows), 0) if scene.state.town else 0,
        "total": total,
    }


def _town_rows(scene: Scene, standing: pd.DataFrame) -> list[dict[str, Any]]:
    table = scene.atlas.by_town_of(standing, scene.atlas.towns)
    return [
        {
            "id": code,
            "stage": "",
            "late": 0,
            "current": False,
            "name": scene.town_name(code),
            "url": scene.state.url(town=code, view=None, community=None),
            "communities": scene.figures.count(row["communities"]),
            **_figure_cells(scene, row),
        }
        for code, row in table.iterrows()
    ]


def _community_rows(scene: Scene, standing: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "id": row["id"],
            "name": row["name"],
            "stage": row["stage"],
            "late": int(row["late_days"]),
            "url": scene.state.url(community=row["id"]),
            "current": row["id"] == scene.state.community,
            **_figure_cells(scene, row),
        }
        for row in standing.head(TOWN_ROWS_SHOWN).to_dict("records")
    ]


def _figure_cells(scene: Scene, row: Any) -> dict[str, str]:
    show = scene.figures
    return {
        "buildings": show.count(row["buildings"]),
        "area": show.area(row["floor_area_dm2"]),
        "households": show.count(row["households"]),
        "money": show.money(row["investment_fen"]),
        "progress": show.percent(row["progress"]),
    }


def late_list(scene: Scene, standing: pd.DataFrame) -> dict[str, Any]:
    """Late communities, the longest first, each with its reason and days."""
    late = standing[standing["late_days"] > 0].sort_values(["late_days", "id"], ascending=[False, True])
    rows = [
        {
            "id": row["id"],
            "name": row["name"],
            "reason": reason(scene, row["delay_reason"]),
            "days": scene.words("app.late.days", days=int(row["late_days"]), n=int(row["late_days"])),
            "url": scene.state.url(community=row["id"]),
        }
        for row in late.head(LATE_SHOWN).to_dict("records")
    ]
    return {
        "rows": rows,
        "count": len(late),
        "more": max(len(late) - LATE_SHOWN, 0),
        "all_url": scene.state.url(late=True, show="table", sort="-late_days"),
    }


def reason(scene: Scene, given: Any) -> str:
    """Why a community is late; whoever is not told why is not told either that nobody said it."""
    if scene.atlas.hides("communities", "delay_reason"):
        return ""
    return scene.words("app.late.no_reason") if pd.isna(given) else str(given)


def waiting(scene: Scene, standing: pd.DataFrame) -> list[dict[str, str]]:
    """Communities that are not on the map yet: no outline and no buildings."""
    absent = standing[~(standing["has_outline"] | standing["provisional"])]
    return [
        {"id": row["id"], "name": row["name"], "url": scene.state.link(f"/community/{row['id']}")}
        for row in absent.head(TOWN_ROWS_SHOWN).to_dict("records")
    ]


def _works(scene: Scene, standing: pd.DataFrame, figures: pd.Series) -> dict[str, Any]:
    cells = scene.atlas.work_cells
    cells = cells[cells["community"].isin(scene.standing(work=None)["id"])]
    counts = item_counts(cells, [kind.code for kind in scene.atlas.catalogue])
    groups = [
        {
            "name": scene.words(f"part.{part}"),
            "rows": [
                {
                    "code": kind.code,
                    "name": scene.words.work(kind),
                    "done": int(counts["done"][kind.code]),
                    "scope": int(counts["in_scope"][kind.code]),
                    "percent": round(float(counts["percent"][kind.code]), 1),
                    "late": int(counts["late"][kind.code]),
                    "url": scene.state.url(work=None if scene.state.work == kind.code else kind.code),
                    "pressed": scene.state.work == kind.code,
                }
                for kind in scene.atlas.catalogue
                if kind.part is part
            ],
        }
        for part in WorkPart
    ]
    return {
        "headline": headline(scene, figures),
        "figures": four_figures(scene, figures),
        "groups": groups,
        "matrix_url": scene.state.url(show="matrix"),
    }


def _funding(scene: Scene, standing: pd.DataFrame, figures: pd.Series) -> dict[str, Any]:
    return {
        "figures": four_figures(scene, figures)[:3],
        "investment": scene.figures.money(figures["investment_fen"]),
        "investment_label": investment_label(scene),
        "funding": funding(scene),
    }


def funding(scene: Scene) -> dict[str, Any]:
    """The plan's sources with their sums against the investment that was counted in the whole district.

    ``compared`` is false for whoever sees only a part of the district, where there is nothing to compare.
    """
    plan, show = scene.atlas.district.plan, scene.figures
    table = reconcile(scene.atlas.standing, scene.atlas.district)
    found = table.set_index("figure")
    investment = int(found["found"]["investment_fen"])
    total = sum(plan.funding.values())
    compared = scene.atlas.has_plan
    return {
        "rows": [
            {
                "name": scene.words(f"funding.{source}"),
                "value": show.money(amount),
                "percent": show.percent(100 * amount / total if total else None),
                "width": round(100 * amount / max(total, 1), 2),
            }
            for source, amount in plan.funding.items()
        ],
        "total": show.money(total),
        "investment": show.money(investment),
        "compared": compared,
        "difference": show.money(total - investment),
        "equal": total == investment and int(found["difference"].get(FUNDING, 0)) == 0,
        "all_equal": is_equal(table),
        "open": [scene.words(f"funding.{source}") for source in FundingSource if source not in plan.funding],
        "reconciled": [
            {
                "name": scene.words(f"app.reconcile.{row['figure']}"),
                "plan": _shown(show, row["figure"], row["plan"]),
                "found": _shown(show, row["figure"], row["found"]),
                "difference": _shown(show, row["figure"], row["difference"]),
                "equal": row["difference"] == 0,
            }
            for row in (table.to_dict("records") if compared else ())
        ],
    }


def _shown(show: Figures, figure: str, value: Any) -> str:
    if figure.endswith("_fen"):
        return show.money(value)
    return show.area(value) if figure.endswith("_dm2") else show.count(value)
