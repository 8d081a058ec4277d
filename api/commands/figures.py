"""The figures of the store, by town, and against the plan."""

from typing import Any

import pandas as pd

from api.commands.saying import say, say_error, say_json, say_table
from api.reports import reconciled, status
from api.settings import Settings
from api.wiring import open_services
from geo.errors import UnknownTown
from geo.programme.status import by_town, totals
from geo.selection import Selection, pick_communities
from maps.figures import Figures
from maps.wording import Wording, wording


def town_code(known: Any, town: str | None) -> str | None:
    """The code of a town by code or name; ``UnknownTown`` otherwise."""
    if town is None:
        return None
    code: str | None = known.town_code(town)
    if code is None:
        raise UnknownTown(
            town=town, known=", ".join(f"{one} {name}" for one, name in known.town_names().items())
        )
    return code


def show_status(settings: Settings, town: str | None, *, as_json: bool) -> int:
    """Figures of each town, or of one, and in total."""
    services = open_services(settings)
    try:
        atlas = services.atlas()
    finally:
        services.close()
    code = town_code(atlas.district, town)
    standing = pick_communities(atlas.standing, atlas.works, Selection(town=code))
    towns = [code] if code else None
    if as_json:
        say_json(status(atlas, standing, settings.lang, towns))
        return 0
    words = wording(settings.lang)
    show = Figures(words)
    names = atlas.district.town_names(settings.lang)
    table = by_town(standing, towns or atlas.district.town_codes())
    say_table(
        [
            words(f"cli.status.{name}")
            for name in (
                "town",
                "communities",
                "buildings",
                "area",
                "households",
                "money",
                "progress",
                "late",
            )
        ],
        [[names[str(code)], *_cells(row, show)] for code, row in table.iterrows()],
        total=[words("app.total"), *_cells(totals(standing), show)],
    )
    foot = words("cli.status.foot", as_of=atlas.as_of.isoformat(), revision=atlas.revision)
    say(f"{foot} · {words('app.sample')}" if atlas.sample else foot)
    return 0


def _cells(row: pd.Series, show: Figures) -> list[str]:
    return [
        show.count(row["communities"]),
        show.count(row["buildings"]),
        show.area(row["floor_area_dm2"]),
        show.count(row["households"]),
        show.money(row["investment_fen"]),
        show.percent(row["progress"]),
        show.count(row["late"]),
    ]


def show_reconciled(settings: Settings, *, as_json: bool) -> int:
    """Every figure beside the plan's; 1 where one differs."""
    services = open_services(settings)
    try:
        atlas = services.atlas()
    finally:
        services.close()
    found = reconciled(atlas.standing, atlas.district)
    if as_json:
        say_json(
            found | {"as_of": atlas.as_of.isoformat(), "revision": atlas.revision, "sample": atlas.sample}
        )
    else:
        _say_reconciled(found, wording(settings.lang))
    return 0 if found["equal"] else 1


def _say_reconciled(found: dict[str, Any], words: Wording) -> None:
    headings = [words(f"app.reconcile.{name}") for name in ("figure", "plan", "found", "difference")]
    rows = [
        [
            words(f"cli.figure.{row['figure']}"),
            *(_number(row[name]) for name in ("plan", "found", "difference")),
        ]
        for row in found["figures"]
    ]
    say_table(headings, rows)
    for row in found["communities"]:
        values = {name: _number(row[name]) for name in ("stated", "counted", "difference")}
        say(
            words(
                "cli.reconcile.community",
                name=row["name"],
                figure=words(f"cli.figure.{row['figure']}"),
                **values,
            )
        )
    if found["equal"]:
        say(words("cli.reconcile.equal"))
    else:
        say_error(words("cli.reconcile.differs"))


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
