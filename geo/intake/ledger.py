"""Communities from ledgers and from outlines, with the works that a ledger lists."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pandas as pd

from geo.intake.context import Context, Settled, conformed, settle, shaped
from geo.intake.draft import ROW, SHEET, refuse
from geo.intake.fields import Fields
from geo.intake.headers import Match, match_table
from geo.intake.identity import Naming, filled_from_stored
from geo.intake.places import community_key
from geo.intake.report import Level
from geo.intake.table import Table
from geo.intake.towns import (
    fill_merged,
    implied_town,
    refuse_without_town,
    resolve_committees,
    resolve_towns,
)
from geo.intake.values import each_value, parse_date, plain
from geo.intake.words import value_words
from geo.intake.works import scopes_of, works_frame
from geo.layers import COMMUNITIES, WORKS
from geo.vocabulary import Stage

_SUMMED = ("building_count", "households", "floor_area_dm2", "investment_fen")
_SCALED = {"floor_area_dm2": 100, "investment_fen": 100}


def communities_from(tables: Sequence[Table], context: Context) -> list[Settled]:
    """Communities in tables or outlines, and their works, ready for the store.

    The town comes from its column, else from sheet, title or file name, else from the committee. Rows
    without a known town, and a name that stands twice in a town, are refused.
    """
    parts = [_rows(table, context) for table in tables]
    frame = pd.concat([part for part, _ in parts], ignore_index=True)
    scopes = np.concatenate([scope for _, scope in parts])
    frame = frame.assign(_scope=scopes)
    frame = filled_from_stored(frame, tables[0].source, context.stored("communities"), ("name", "town"))
    frame = refuse(frame, frame["name"].isna(), context.notes, "name_missing")
    frame = refuse_without_town(frame, context.notes)
    frame = _refuse_same_names(frame, context)
    scoped = frame[[ROW, SHEET, "_scope"]]
    communities = settle(frame.drop(columns="_scope"), _naming(frame, tables[0].source, context), context)
    return [communities, _works(communities, scoped, tables[0].source, context)]


def _rows(table: Table, context: Context) -> tuple[pd.DataFrame, np.ndarray]:
    match = match_table(table, "communities")
    fields = Fields(table, match, context.notes)
    columns = _columns(fields)
    _check_totals(table, match, columns, context)
    scopes = fields.raw("works").reset_index(drop=True)
    town_words = fill_merged(fields.text("town")).reset_index(drop=True)
    frame = fields.frame({**columns, "_works": scopes, "_town": town_words})
    frame = shaped(frame, table, COMMUNITIES, context) if table.spatial else frame
    return _resolved(frame, table, match, context)


def _resolved(
    frame: pd.DataFrame, table: Table, match: Match, context: Context
) -> tuple[pd.DataFrame, np.ndarray]:
    words = frame.pop("_town").astype("string")
    frame = resolve_towns(frame, words, context.district, context.notes, column=match.headers.get("town", ""))
    implied = context.default_town or implied_town((table.name, table.title, table.file), context.district)
    if implied and "town" not in match:
        frame = frame.assign(town=frame["town"].fillna(implied))
    frame = resolve_committees(
        frame, context.committees, context.notes, column=match.headers.get("committee", "")
    )
    if implied:
        frame = frame.assign(town=frame["town"].fillna(implied))
    cells = frame.pop("_works")
    scopes = scopes_of(frame, cells, context.catalogue, context.notes, match.headers.get("works", ""))
    return _keep_words(frame, scopes), scopes


def _columns(fields: Fields) -> dict[str, pd.Series]:
    columns: dict[str, pd.Series] = {
        name: fields.text(name) for name in ("id", "source_id") if name in fields
    }
    columns["name"] = fields.text("name")
    for name in ("committee", "address", "delay_reason", "note"):
        if name in fields:
            columns[name] = fields.text(name)
    if "year_built" in fields:
        columns["year_built"] = fields.year("year_built")
    for name in ("building_count", "households"):
        if name in fields:
            columns[name] = fields.integer(name)
    if "stage_due" in fields:
        columns["stage_due"] = fields.date("stage_due", parse_date)
    if "sample" in fields:
        columns["sample"] = fields.truth("sample")
    columns |= _amounts(fields)
    if "stage" in fields:
        columns["stage"], columns["_progress"] = _stages(fields)
    return columns


def _amounts(fields: Fields) -> dict[str, pd.Series]:
    columns: dict[str, pd.Series] = {}
    for name in ("floor_area_dm2", "investment_fen"):
        if name in fields:
            columns[name] = fields.integer(name)
    if "floor_area" in fields:
        columns["floor_area_dm2"] = fields.area("floor_area")
    if "investment" in fields:
        columns["investment_fen"] = fields.money("investment")
    return columns


def _stages(fields: Fields) -> tuple[pd.Series, pd.Series]:
    """Stages by word; a percentage or a word that is no stage is handed on for the note."""
    words = fields.text("stage")
    stages = pd.Series(pd.array(each_value(words, _stage_of), dtype="string"), index=words.index)
    rest = words.where(stages.isna())
    fields.notes.where(
        rest.notna(),
        Level.REPAIRED,
        "stage_unknown",
        sheet=fields.table.sheet,
        rows=fields.table.rows,
        column=fields.match.headers["stage"],
        values=words,
    )
    header = fields.match.headers["stage"]
    return stages, (header + " " + rest).astype("string")


def _stage_of(word: object) -> str | None:
    text = plain(word).replace(" ", "").lower()
    if text in [stage.value for stage in Stage]:
        return text
    return value_words("stages").get(text.removesuffix("阶段").upper())


def _keep_words(frame: pd.DataFrame, scopes: np.ndarray) -> pd.DataFrame:
    """Words that found no column of their own are kept in the note."""
    extra = pd.Series(
        ["、".join(scope.unknown) if scope else "" for scope in scopes], dtype="string", index=frame.index
    )
    pieces = [("改造内容另有：" + extra).where(extra != "")]
    if "_progress" in frame:
        pieces.append(frame.pop("_progress").astype("string"))
    if not any(piece.notna().any() for piece in pieces):
        return frame
    note = (
        frame["note"].astype("string")
        if "note" in frame
        else pd.Series([None] * len(frame), dtype="string", index=frame.index)
    )
    for piece in pieces:
        note = note.where(piece.isna(), note.fillna("").str.cat(piece.fillna(""), sep="；").str.strip("；"))
    return frame.assign(note=note)


def _key(frame: pd.DataFrame) -> pd.Series:
    names = pd.Series(each_value(frame["name"], community_key), dtype="string")
    return names + "\x1f" + frame["town"].astype("string").reset_index(drop=True)


def _stored_key(stored: pd.DataFrame) -> pd.Series:
    return _key(stored) if len(stored) else pd.Series([], dtype="string")


def _naming(frame: pd.DataFrame, source: str, context: Context) -> Naming:
    return Naming(
        COMMUNITIES,
        source,
        _key(frame),
        _stored_key(context.stored("communities")),
        mergeable=True,
        mild={"stage": Stage.SURVEY.value, "name": None},
        defaults={"stage": Stage.SURVEY.value},
    )


def _refuse_same_names(frame: pd.DataFrame, context: Context) -> pd.DataFrame:
    key = _key(frame)
    first = pd.Series(frame[ROW].to_numpy(), index=key.to_numpy(dtype=object)).groupby(level=0).first()
    return refuse(
        frame,
        key.duplicated(keep="first"),
        context.notes,
        "community_twice",
        values=frame["name"],
        facts=lambda place: {"first": int(first[key.iloc[place]])},
    )


def _works(communities: Settled, scoped: pd.DataFrame, source: str, context: Context) -> Settled:
    """Works of the communities that were kept; those that the store has already keep their ids."""
    kept = communities.frame.merge(scoped, on=[ROW, SHEET], how="left")
    rows = works_frame(kept, kept["_scope"].to_numpy(dtype=object), context.catalogue)
    stored = context.stored("works")
    whole = stored.loc[stored["building"].isna().to_numpy(bool)]
    known = dict(zip(zip(whole["community"], whole["code"], strict=True), whole["id"], strict=True))
    pairs = list(zip(rows["community"], rows["code"], strict=True))
    fresh = np.array([pair not in known for pair in pairs], dtype=bool)
    rows = rows.loc[fresh].reset_index(drop=True)
    rows["id"] = pd.array([context.new_id("works") for _ in range(len(rows))], dtype="string")
    rows["source"], rows["source_id"] = (
        source,
        rows["community"].astype("string") + "/" + rows["code"].astype("string"),
    )
    still = tuple(known[pair] for pair in pairs if pair in known)
    none_equal = np.zeros(len(rows), dtype=bool)
    return Settled("works", conformed(rows, WORKS, context), none_equal, made=True, still=still)


def _check_totals(table: Table, match: Match, columns: dict[str, pd.Series], context: Context) -> None:
    """Rows such as 合计 are no communities; where their figures are not the sums, that is said."""
    if not len(table.totals):
        return
    totals = Table(
        **{
            **table.__dict__,
            "frame": table.totals.reindex(columns=table.frame.columns),
            "rows": table.total_rows,
        }
    )
    read = Fields(totals, match, type(context.notes)())
    stated = {
        **_amounts(read),
        **{name: read.integer(name) for name in ("building_count", "households") if name in read},
    }
    headers = {"floor_area_dm2": "floor_area", "investment_fen": "investment"}
    for place, row in enumerate(table.total_rows):
        for name in _SUMMED:
            if name in stated and name in columns and not pd.isna(stated[name].iloc[place]):
                _compare_total(
                    table,
                    int(row),
                    int(stated[name].iloc[place]),
                    columns[name],
                    context,
                    column=match.headers.get(headers.get(name, name), ""),
                    scale=_SCALED.get(name, 1),
                    since=_since(table, place),
                    whole=not _is_subtotal(table, place),
                )


def _is_subtotal(table: Table, place: int) -> bool:
    return any("小计" in plain(cell) or "sub" in plain(cell).lower() for cell in table.totals.iloc[place])


def _since(table: Table, place: int) -> int:
    """The row of the total before, from which a subtotal counts."""
    return int(table.total_rows[place - 1]) if place else 0


def _compare_total(
    table: Table,
    row: int,
    stated: int,
    values: pd.Series,
    context: Context,
    *,
    column: str,
    scale: int,
    since: int,
    whole: bool,
) -> None:
    numbers = values.fillna(0).astype("int64").to_numpy()
    overall, part = int(numbers.sum()), int(numbers[(table.rows > since) & (table.rows < row)].sum())
    found = overall if whole else part
    if stated == found:
        return
    context.notes.add(
        Level.NOTE,
        "total_differs",
        sheet=table.sheet,
        row=row,
        column=column,
        stated=_decimal(stated, scale),
        sum=_decimal(found, scale),
        difference=_decimal(stated - found, scale),
    )


def _decimal(value: int, scale: int) -> str:
    return str(value) if scale == 1 else f"{Decimal(value) / scale:,.2f}"
