"""Buildings from footprints and lists, each joined to its community."""

from collections.abc import Sequence
from difflib import get_close_matches

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.intake.context import Context, Settled, keep_contract, settle, shaped
from geo.intake.draft import objects, refuse, remark, text_key
from geo.intake.fields import Fields
from geo.intake.headers import match_table
from geo.intake.identity import Naming, filled_from_stored
from geo.intake.places import Gazetteer, place_in_outlines
from geo.intake.report import Level
from geo.intake.table import Table
from geo.intake.towns import fill_merged, implied_town, resolve_towns
from geo.layers import BUILDINGS, COMMUNITIES, conform
from geo.vocabulary import Stage


def buildings_from(tables: Sequence[Table], context: Context) -> list[Settled]:
    """Buildings ready for the store, and the communities that they name and the store lacks.

    The community comes from its column by name or id, else from the outline that holds the building. A name
    that is not in the store is made a community where the row's town is known. A building with a town and no
    community is taken; one with neither is refused.
    """
    frame = pd.concat([_rows(table, context) for table in tables], ignore_index=True)
    if any(table.spatial for table in tables):
        frame = gpd.GeoDataFrame(frame, geometry="geometry", crs=context.district.crs)
    source = tables[0].source
    stored = context.stored("buildings")
    read = frame["_community"].notna().any()
    frame = filled_from_stored(frame, source, stored, ("community", "town"))
    frame, made = _with_communities(frame, source, context)
    naming = Naming(
        BUILDINGS,
        source,
        text_key(frame, "community", "number"),
        text_key(stored, "community", "number"),
        derived=() if read else ("community", "town"),
    )
    buildings = settle(frame, naming, context)
    used = made.frame["id"].isin(buildings.frame["community"].unique()).to_numpy(bool)
    return [
        Settled("communities", made.frame.loc[used].reset_index(drop=True), made.equal[used], made=True),
        buildings,
    ]


def _rows(table: Table, context: Context) -> pd.DataFrame:
    match = match_table(table, "buildings")
    fields = Fields(table, match, context.notes)
    columns: dict[str, pd.Series] = {
        name: fields.text(name) for name in ("id", "source_id", "structure") if name in fields
    }
    columns["number"] = fields.text("number")
    for name in ("storeys", "units", "households", "floor_area_dm2"):
        if name in fields:
            columns[name] = fields.integer(name)
    if "floor_area" in fields:
        columns["floor_area_dm2"] = fields.area("floor_area", default="m2")
    if "year_built" in fields:
        columns["year_built"] = fields.year("year_built")
    columns["_community"] = (
        fill_merged(fields.text("community")) if not table.spatial else fields.text("community")
    )
    columns["_town"] = fill_merged(fields.text("town")) if not table.spatial else fields.text("town")
    frame = fields.frame(columns)
    frame = shaped(frame, table, BUILDINGS, context) if table.spatial else frame
    words = frame.pop("_town").astype("string")
    frame = resolve_towns(frame, words, context.district, context.notes, column=match.headers.get("town", ""))
    implied = context.default_town or implied_town((table.name, table.title, table.file), context.district)
    return frame.assign(town=frame["town"].fillna(implied)) if implied else frame


def _with_communities(frame: pd.DataFrame, source: str, context: Context) -> tuple[pd.DataFrame, Settled]:
    stored = context.stored("communities")
    words = frame.pop("_community").astype("string").reset_index(drop=True)
    ids, made = _named(words, frame["town"].astype("string"), stored, source, context)
    if "community" in frame:
        ids = ids.fillna(frame["community"].astype("string"))
    silent = (words.isna() & ids.isna()).to_numpy(bool)
    if silent.any() and "geometry" in frame:
        ids[silent] = place_in_outlines(np.asarray(frame["geometry"].array)[silent], stored).to_numpy(
            dtype=object
        )
    towns = _towns_of(ids, stored, made)
    frame = frame.assign(community=ids, town=frame["town"].astype("string").fillna(towns))
    frame = _refuse_lost(frame, words, Gazetteer(stored), context)
    return frame, Settled("communities", made, np.zeros(len(made), dtype=bool), made=True)


def _named(
    words: pd.Series, towns: pd.Series, stored: pd.DataFrame, source: str, context: Context
) -> tuple[pd.Series, pd.DataFrame]:
    """Community ids for the words of each row, and rows for the communities that have to be made."""
    pairs = pd.MultiIndex.from_arrays([objects(words), objects(towns)])
    codes, distinct = pairs.factorize()
    gazetteer = Gazetteer(stored)
    found: list[str | None] = []
    made: list[dict[str, object]] = []
    for word, town in distinct:
        identity = (
            gazetteer.find(word, town if isinstance(town, str) else None) if isinstance(word, str) else None
        )
        if identity is None and isinstance(word, str) and isinstance(town, str):
            identity = context.new_id("communities")
            made.append(
                {
                    "id": identity,
                    "name": word,
                    "town": town,
                    "stage": Stage.SURVEY.value,
                    "source": source,
                    "source_id": f"{word}/{town}",
                }
            )
        found.append(identity)
    ids = pd.Series(pd.array([found[code] for code in codes], dtype="string"))
    frame = conform(
        pd.DataFrame(made, columns=["id", "name", "town", "stage", "source", "source_id"]),
        COMMUNITIES,
        context.district.crs,
    )
    return ids, keep_contract(frame.assign(_row=0, _sheet=""), COMMUNITIES, context)


def _towns_of(ids: pd.Series, stored: pd.DataFrame, made: pd.DataFrame) -> pd.Series:
    known = dict(zip(stored["id"], stored["town"], strict=True)) | dict(
        zip(made["id"], made["town"], strict=True)
    )
    return ids.map(known).astype("string")


def _refuse_lost(
    frame: pd.DataFrame, words: pd.Series, gazetteer: Gazetteer, context: Context
) -> pd.DataFrame:
    homeless = frame["community"].isna().to_numpy(bool)
    if not homeless.any():
        return frame
    named = homeless & words.notna().to_numpy(bool)
    several = named & np.array(
        [gazetteer.count(word) > 1 if isinstance(word, str) else False for word in words]
    )
    names = gazetteer.names()
    close = {word: get_close_matches(word, names, n=1, cutoff=0.6) for word in set(words[named & ~several])}
    alike = (
        named
        & ~several
        & np.array([bool(close.get(word)) if isinstance(word, str) else False for word in words])
    )
    header = "community"
    remark(frame, several, context.notes, Level.REFUSED, "community_ambiguous", column=header, values=words)
    remark(
        frame,
        alike,
        context.notes,
        Level.REFUSED,
        "community_unknown_suggested",
        column=header,
        values=words,
        facts=lambda place: {"suggestion": close[words.iloc[place]][0]},
    )
    remark(
        frame,
        named & ~several & ~alike,
        context.notes,
        Level.REFUSED,
        "community_unknown",
        column=header,
        values=words,
    )
    nowhere: npt.NDArray[np.bool_] = homeless & ~named & frame["town"].isna().to_numpy(bool)
    kept = frame.loc[~named].reset_index(drop=True)
    return refuse(kept, nowhere[~named], context.notes, "building_nowhere")
