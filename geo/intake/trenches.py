"""Digs, owners, boundaries, ground and single works: the layers whose rows stand for themselves."""

from collections.abc import Callable, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.intake.context import Context, Settled, conformed, located, settle, shaped
from geo.intake.draft import refuse, remark, text_key
from geo.intake.fields import Fields
from geo.intake.headers import match_table
from geo.intake.identity import Naming, filled_from_stored
from geo.intake.organisations import owner_keys, resolve_owners
from geo.intake.pipes import kind_of
from geo.intake.places import Gazetteer, place_in_outlines
from geo.intake.report import Level
from geo.intake.table import Table
from geo.intake.towns import town_of
from geo.intake.values import LENGTH_UNITS, each_value, parse_date, parse_month, plain
from geo.intake.words import value_words
from geo.intake.works import parse_scope
from geo.layers import BOOLEAN, BOUNDARIES, DATE, DIGS, GROUND, INTEGER, LAYERS, OWNERS, REAL, WORKS
from geo.vocabulary import BoundaryLevel, DigState, Mode


def digs_from(tables: Sequence[Table], context: Context) -> list[Settled]:
    """Planned trenches with their owners; the community by name, else by the outline they lie in."""
    frame = _joined([_dig_rows(table, context) for table in tables], context)
    source = tables[0].source
    owners, made = resolve_owners(
        frame.pop("_owner"), frame["utility"], context.stored("owners"), context.new_id, source
    )
    frame = frame.assign(owner=owners)
    frame = _with_community(frame, context)
    stored = context.stored("digs")
    naming = Naming(
        DIGS,
        source,
        text_key(frame, "owner", "number"),
        text_key(stored, "owner", "number"),
        defaults={"state": DigState.SUBMITTED.value},
        derived=("community",),
    )
    return [_made_owners(made, context), settle(frame, naming, context)]


def _dig_rows(table: Table, context: Context) -> pd.DataFrame:
    match = match_table(table, "digs")
    fields = Fields(table, match, context.notes)
    columns = _plain_columns(
        fields, "digs", skip=("owner", "community", "utility", "state", "window_start", "window_end")
    )
    columns["number"] = fields.text("number")
    columns["window_start"], columns["window_end"] = _windows(fields)
    for name, column in (("width", "width_m"), ("depth", "depth_m")):
        if name in fields:
            columns[column] = fields.real(name, LENGTH_UNITS)
    kinds = each_value(fields.raw("utility"), lambda word: kind_of(plain(word)))
    columns["utility"] = pd.Series(
        pd.array([kind.utility.value if kind else None for kind in kinds], dtype="string")
    )
    columns["state"] = _coded(fields, "state", "dig_states")
    columns["_owner"], columns["_community"] = fields.text("owner"), fields.text("community")
    frame = shaped(fields.frame(columns), table, DIGS, context)
    wrong = (frame["window_end"] < frame["window_start"]).fillna(False)
    return refuse(frame, wrong, context.notes, "window_backwards")


def _windows(fields: Fields) -> tuple[pd.Series, pd.Series]:
    """First and last day, from two columns or from one that holds both; a month counts from its first to its
    last day."""

    def first(value: object) -> object:
        month = parse_month(value)
        return month[0] if month else parse_date(value)

    def last(value: object) -> object:
        month = parse_month(value)
        return month[1] if month else parse_date(value)

    starts, ends = fields.date("window_start", first), fields.date("window_end", last)
    if "window" in fields:
        text = fields.text("window").str.replace("日", "", regex=False)
        halves = text.str.split(r"\s*(?:至|到|~|～|—+|–|\s-\s)\s*", n=1, regex=True, expand=True).reindex(
            columns=[0, 1]
        )
        for place, (values, parse) in enumerate(((starts, first), (ends, last))):
            half = halves[place].fillna(halves[0])
            parsed = pd.to_datetime(pd.Series(each_value(half, parse), dtype=object)).astype("datetime64[s]")
            values.update(parsed.where(values.isna().to_numpy()))
    return starts, ends


def owners_from(tables: Sequence[Table], context: Context) -> list[Settled]:
    """Owners, recognised by name."""
    parts = []
    for table in tables:
        fields = Fields(table, match_table(table, "owners"), context.notes)
        columns = _plain_columns(fields, "owners", skip=("utilities",))
        if "utilities" in fields:
            columns["utilities"] = pd.Series(
                pd.array(each_value(fields.raw("utilities"), _utilities), dtype="string")
            )
        parts.append(fields.frame(columns).drop(columns="geometry", errors="ignore"))
    frame = pd.DataFrame(pd.concat(parts, ignore_index=True))
    stored = context.stored("owners")
    frame = filled_from_stored(frame, tables[0].source, stored, ("name",))
    frame = refuse(frame, frame["name"].isna(), context.notes, "name_missing")
    naming = Naming(OWNERS, tables[0].source, owner_keys(frame), owner_keys(stored), mergeable=True)
    return [settle(frame, naming, context)]


def _utilities(value: object) -> str | None:
    words = plain(value).replace("、", ",").replace("，", ",").replace(";", ",").replace("/", ",").split(",")
    found = [kind.utility.value for word in words if (kind := kind_of(word.strip()))]
    return ",".join(dict.fromkeys(found)) or None


def boundaries_from(tables: Sequence[Table], context: Context) -> list[Settled]:
    """Outlines of the district and its towns; official ones take the place of schematic ones."""
    parts = []
    for table in tables:
        fields = Fields(table, match_table(table, "boundaries"), context.notes)
        columns = _plain_columns(fields, "boundaries", skip=("level", "schematic"))
        columns |= {name: fields.text(name) for name in ("name", "code", "level")}
        columns["schematic"] = fields.truth("schematic").fillna(False)
        parts.append(shaped(fields.frame(columns), table, BOUNDARIES, context))
    frame = _of_district(_joined(parts, context), context)
    stored = context.stored("boundaries")
    naming = Naming(
        BOUNDARIES,
        tables[0].source,
        text_key(frame, "level", "code"),
        text_key(stored, "level", "code"),
        mergeable=True,
    )
    schematic = bool(len(stored)) and bool(stored["schematic"].fillna(False).all())
    mode = Mode.UPDATE if schematic and context.mode is Mode.ADD else context.mode
    return [settle(frame, naming, Context(**{**context.__dict__, "mode": mode}))]


def _of_district(frame: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Codes, names and levels as the district has them; outlines of other places are left out with a note."""
    district = context.district
    words = frame["code"].astype("string").fillna(frame["name"].astype("string"))
    own_names = {district.code, *district.names.values()}
    towns = pd.Series(pd.array(each_value(words, lambda word: town_of(word, district)), dtype="string"))
    by_name = pd.Series(
        pd.array(each_value(frame["name"], lambda word: town_of(word, district)), dtype="string")
    )
    towns = towns.fillna(by_name)
    whole = (words.isin(own_names) | frame["name"].isin(own_names)).to_numpy(bool) & towns.isna().to_numpy(
        bool
    )
    foreign = towns.isna().to_numpy(bool) & ~whole
    remark(
        frame,
        foreign,
        context.notes,
        Level.NOTE,
        "boundary_elsewhere",
        values=frame["name"].astype("string").fillna(words),
    )
    codes = towns.where(~whole, district.code)
    names = {**district.town_names(), district.code: district.names["zh"]}
    level = np.where(whole, BoundaryLevel.DISTRICT.value, BoundaryLevel.TOWN.value)
    frame = frame.assign(code=codes, name=codes.map(names).astype("string"), level=level)
    return frame.loc[~foreign].reset_index(drop=True)


def ground_from(tables: Sequence[Table], context: Context) -> list[Settled]:
    """Streets, lanes, walls, green and whatever else gives orientation."""
    parts = []
    for table in tables:
        fields = Fields(table, match_table(table, "ground"), context.notes)
        columns = _plain_columns(fields, "ground", skip=("kind", "community"))
        columns["kind"] = _coded(fields, "kind", "ground")
        columns["_community"] = fields.text("community")
        parts.append(shaped(fields.frame(columns), table, GROUND, context))
    frame = _with_community(_joined(parts, context), context)
    none = pd.Series([None] * len(frame), dtype="string")
    stored = context.stored("ground")
    return [
        settle(
            frame,
            Naming(GROUND, tables[0].source, none, pd.Series([None] * len(stored), dtype="string")),
            context,
        )
    ]


def works_from(tables: Sequence[Table], context: Context) -> list[Settled]:
    """Single works by community and entry of the catalogue, with quantity, cost and progress."""
    gazetteer = Gazetteer(context.stored("communities"))
    parts = []
    for table in tables:
        match = match_table(table, "works")
        fields = Fields(table, match, context.notes)
        columns = _plain_columns(fields, "works", skip=("code", "community", "building"))
        scopes = each_value(fields.raw("code"), lambda cell: parse_scope(cell, context.catalogue))
        codes = [scope.works[0].code if scope and len(scope.works) == 1 else None for scope in scopes]
        columns["code"] = pd.Series(pd.array(codes, dtype="string"))
        towns = each_value(fields.raw("town"), lambda word: town_of(plain(word), context.district))
        words = fields.text("community")
        ids = [
            gazetteer.find(word, town) if isinstance(word, str) else None
            for word, town in zip(words, towns, strict=True)
        ]
        columns["community"] = pd.Series(pd.array(ids, dtype="string"))
        columns["_word"], columns["_code"] = words, fields.text("code")
        if "cost" in fields:
            columns["cost_fen"] = fields.money("cost")
        frame = fields.frame(columns).drop(columns="geometry", errors="ignore")
        frame = refuse(
            frame,
            frame["community"].isna(),
            context.notes,
            "community_unknown",
            column=match.headers["community"],
            values=frame["_word"],
        )
        parts.append(
            refuse(
                frame,
                frame["code"].isna(),
                context.notes,
                "work_unknown",
                column=match.headers["code"],
                values=frame["_code"],
            )
        )
    frame = pd.DataFrame(pd.concat(parts, ignore_index=True)).drop(columns=["_word", "_code"])
    stored = context.stored("works")
    stored_key = text_key(stored, "community", "code").where(stored["building"].isna().to_numpy(bool))
    naming = Naming(WORKS, tables[0].source, text_key(frame, "community", "code"), stored_key, mergeable=True)
    return [settle(frame, naming, context)]


def _plain_columns(fields: Fields, layer: str, *, skip: Sequence[str]) -> dict[str, pd.Series]:
    """Every column of the contract that the file names as such, read by its kind."""
    readers: dict[str, Callable[[str], pd.Series]] = {
        INTEGER: fields.integer, REAL: fields.real, DATE: fields.date, BOOLEAN: fields.truth,
    }  # fmt: skip
    return {
        column.name: readers.get(column.kind, fields.text)(column.name)
        for column in LAYERS[layer].columns
        if column.name in fields and column.name not in skip and column.name != "source"
    }


def _coded(fields: Fields, name: str, domain: str) -> pd.Series:
    """Members of a closed set by word or by their own value; unknown words are noted."""
    members = {code.upper(): code for code in value_words(domain).values()} | dict(value_words(domain))
    text = fields.text(name)
    found = pd.Series(
        pd.array(each_value(text, lambda word: members.get(plain(word).upper())), dtype="string"),
        index=text.index,
    )
    if name in fields:
        fields.notes.where(
            text.notna() & found.isna(),
            Level.REPAIRED,
            "word_unknown",
            sheet=fields.table.sheet,
            rows=fields.table.rows,
            column=fields.match.headers[name],
            values=text,
        )
    return found


def _joined(parts: Sequence[pd.DataFrame], context: Context) -> gpd.GeoDataFrame:
    return located(pd.concat(parts, ignore_index=True), context)


def _with_community(frame: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Community by name where the row has one, else by the outline that holds most of the shape."""
    stored = context.stored("communities")
    gazetteer = Gazetteer(stored)
    words = frame.pop("_community").astype("string")
    ids = pd.Series(pd.array(each_value(words, lambda word: gazetteer.find(word, None)), dtype="string"))
    lost = (words.notna() & ids.isna()).to_numpy(bool)
    remark(frame, lost, context.notes, Level.NOTE, "community_not_found", values=words)
    silent = ids.isna().to_numpy(bool)
    if silent.any():
        ids[silent] = place_in_outlines(np.asarray(frame["geometry"].array)[silent], stored).to_numpy(
            dtype=object
        )
    return frame.assign(community=ids)


def _made_owners(made: pd.DataFrame, context: Context) -> Settled:
    return Settled("owners", conformed(made, OWNERS, context), np.zeros(len(made), dtype=bool), made=True)
