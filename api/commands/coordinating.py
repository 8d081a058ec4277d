"""What the rules of coordination say about the store today: counted, listed, written to a file."""

from pathlib import Path
from typing import Any

import pandas as pd

from api.commands.figures import town_code
from api.commands.output import refuse_live
from api.commands.saying import say, say_error, say_json, say_table
from api.settings import Settings
from api.wiring import open_services
from geo.coordination.coordinate import find
from geo.coordination.findings import LISTED, Findings
from geo.coordination.limits import read_limits
from geo.coordination.parameters import read_parameters
from geo.coordination.report import chosen, counted, handed_out, records, table_of
from geo.errors import BadInput
from geo.exports import write_layers
from geo.vocabulary import FindingKind, Verdict
from maps.atlas import Atlas
from maps.wording import Wording, wording

_ROWS = 40


def coordinate(
    settings: Settings, *, town: str | None, kind: FindingKind | None, out: Path | None, as_json: bool
) -> int:
    """Find everything as of today with the district's figures; 1 while findings that fail are unjudged."""
    if out is not None and out.suffix.lower() not in (".gpkg", ".xlsx"):
        raise BadInput("export_format", path=out.name, known=".gpkg, .xlsx")
    services = open_services(settings)
    try:
        if out is not None:
            refuse_live(out)
        atlas = services.atlas()
        parameters = read_parameters(services.data.path / "district.toml")
        found = find(atlas.frames, read_limits(), parameters, atlas.as_of)
        code = town_code(atlas.district, town)
        found = chosen(found, communities=_of_town(atlas, code), kind=kind)
        if out is not None:
            _write(found, out)
    finally:
        services.close()
    failing = int((found.listed["verdict"] == Verdict.FAIL).sum())
    if as_json:
        say_json(_answer(found, failing, atlas, out))
    else:
        _say(found, failing, atlas, out, wording(settings.lang))
    return 1 if failing else 0


def _of_town(atlas: Atlas, code: str | None) -> list[str] | None:
    if code is None:
        return None
    communities = atlas.frames["communities"]
    return [str(name) for name in communities.loc[(communities["town"] == code).fillna(False), "id"]]


def _write(found: Findings, out: Path) -> None:
    layers: dict[str, pd.DataFrame] = (
        {"findings": table_of(found.listed)} if out.suffix.lower() == ".xlsx" else handed_out(found.listed)
    )
    write_layers(layers, out)


def _answer(found: Findings, failing: int, atlas: Atlas, out: Path | None) -> dict[str, Any]:
    table = counted(found)
    return {
        "as_of": atlas.as_of.isoformat(),
        "revision": atlas.revision,
        "sample": atlas.sample,
        "unjudged_failing": failing,
        "counts": {str(name): {str(v): int(n) for v, n in row.items()} for name, row in table.iterrows()},
        "findings": records(found.listed),
        "file": None if out is None else str(out),
    }


def _say(found: Findings, failing: int, atlas: Atlas, out: Path | None, words: Wording) -> None:
    shown = [*(str(verdict) for verdict in LISTED), str(Verdict.PASS), str(Verdict.EXEMPT)]
    table = counted(found)[shown]
    say_table(
        [words("coordination.kind"), *(words(f"coordination.verdict.{name}") for name in shown)],
        [[words(f"coordination.kinds.{kind}"), *map(str, row)] for kind, row in table.iterrows()],
        total=[words("app.total"), *map(str, table.sum())],
    )
    _say_listed(found, atlas, words)
    foot = words("cli.status.foot", as_of=atlas.as_of.isoformat(), revision=atlas.revision)
    say(f"{foot} · {words('app.sample')}" if atlas.sample else foot)
    if out is not None:
        size = f"{out.stat().st_size / 1e6:.1f}"
        say(words("cli.written", file=out, rows=len(found.listed), size=size))
    if failing:
        say_error(words("coordination.unjudged", count=failing))


def _say_listed(found: Findings, atlas: Atlas, words: Wording) -> None:
    """The findings that fail, then those that nobody can tell, as far as a page holds them."""
    order = {str(verdict): place for place, verdict in enumerate(LISTED)}
    rows = found.listed.assign(place=found.listed["verdict"].map(order))
    rows = rows[rows["verdict"].isin([str(Verdict.FAIL), str(Verdict.UNKNOWN)])]
    rows = rows.sort_values(["place", "kind"], kind="stable").head(_ROWS)
    if rows.empty:
        return
    names = dict(zip(atlas.frames["communities"]["id"], atlas.frames["communities"]["name"], strict=True))
    headings = ("judged", "kind", "community", "things", "measured", "required", "clause", "provenance")
    say_table(
        [words(f"coordination.{name}") for name in headings],
        [_cells(row, names, words) for row in rows.to_dict("records")],
    )
    more = len(found.listed) - len(rows)
    if more > 0:
        say(words("coordination.more", shown=len(rows), count=len(found.listed)))


def _cells(row: dict[Any, Any], names: dict[str, str], words: Wording) -> list[str]:
    def text(name: str) -> str:
        return "" if pd.isna(row[name]) else str(row[name])

    def number(name: str) -> str:
        unit = words(f"coordination.unit.{row['unit']}")
        return "–" if pd.isna(row[name]) else f"{row[name]:.{0 if row['unit'] == 'd' else 2}f} {unit}"

    known = text("provenance")
    return [
        words(f"coordination.verdict.{row['verdict']}"),
        words(f"coordination.kinds.{row['kind']}"),
        names.get(text("community"), text("community")),
        " · ".join(name for name in (text("thing_a"), text("thing_b")) if name),
        number("measured"),
        number("required"),
        text("clause"),
        words(f"coordination.trust.{known.split(':')[0]}") if known else "",
    ]
