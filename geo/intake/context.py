"""What every builder of rows needs to know, and the last step that they share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.district import District
from geo.errors import ContractError
from geo.intake.draft import OWN_COLUMNS, ROW, SHEET
from geo.intake.identity import Naming, merged, with_ids
from geo.intake.outlines import fit_shapes
from geo.intake.report import Level, Notes
from geo.intake.table import Table
from geo.intake.towns import Committee
from geo.layers import LAYERS, Layer, check, conform, empty
from geo.programme.catalogue import WorkKind
from geo.vocabulary import Mode


@dataclass(frozen=True)
class Context:
    """The district, its pick-lists, what the store holds, and how the import is to behave."""

    district: District
    catalogue: Sequence[WorkKind]
    committees: Sequence[Committee]
    existing: Mapping[str, pd.DataFrame]
    mode: Mode
    new_id: Callable[[str], str]
    notes: Notes
    default_town: str | None = None

    def stored(self, layer: str) -> pd.DataFrame:
        """Rows of a layer in the store; a frame of no rows where there are none."""
        found = self.existing.get(layer)
        return empty(LAYERS[layer], self.district.crs) if found is None else found.reset_index(drop=True)


@dataclass(frozen=True)
class Settled:
    """Full rows of one layer with ids. ``equal``: rows that are in the store just so. ``made``: no row of the
    file stands for one of them. ``still``: ids of stored rows that the file names again."""

    layer: str
    frame: pd.DataFrame
    equal: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    made: bool = False
    still: tuple[str, ...] = ()


def settle(frame: pd.DataFrame, naming: Naming, context: Context) -> Settled:
    """Ids, merging with what is stored, and the contract: rows that break it are refused with their fault."""
    stored = context.stored(naming.layer.name)
    frame = located(frame, context) if naming.layer.geometry else frame
    named = with_ids(frame, naming, stored, context.mode, context.new_id, context.notes)
    rows, equal = merged(named, naming, stored, context.mode, context.notes)
    sound = keep_contract(rows, naming.layer, context)
    if len(sound) < len(rows):
        equal = equal[rows["id"].isin(sound["id"]).to_numpy(bool)]
    return Settled(naming.layer.name, sound, equal)


def keep_contract(frame: pd.DataFrame, layer: Layer, context: Context) -> pd.DataFrame:
    """``frame`` without the rows that break the layer's contract, each noted with column and value."""
    try:
        check(frame.drop(columns=list(OWN_COLUMNS)), layer, crs=context.district.crs)
    except ContractError as error:
        by_id = {str(identity): place for place, identity in enumerate(frame["id"])}
        for fault in error.facts["faults"]:
            place = by_id.get(fault.row, 0)
            context.notes.add(
                Level.REFUSED,
                _CODES.get(fault.code, fault.code),
                sheet=str(frame[SHEET].iloc[place]),
                row=int(frame[ROW].iloc[place]),
                column=fault.column,
                value=fault.value,
            )
        wrong = frame["id"].isin([fault.row for fault in error.facts["faults"]])
        return frame.loc[~wrong].reset_index(drop=True)
    return frame


_CODES = {"missing": "value_missing", "wrong_geometry": "shape_not_fit", "invalid_geometry": "shape_invalid"}


def shaped(frame: pd.DataFrame, table: Table, layer: Layer, context: Context) -> gpd.GeoDataFrame:
    """Rows of a table in the district's CRS, their shapes made fit for the layer where the file has any."""
    whole = located(frame, context)
    return fit_shapes(whole, layer, context.notes, file=table.file) if table.spatial else whole


def located(frame: pd.DataFrame, context: Context) -> gpd.GeoDataFrame:
    """A GeoDataFrame in the district's CRS; without shapes where the file has none."""
    if isinstance(frame, gpd.GeoDataFrame) and "geometry" in frame:
        return frame
    return gpd.GeoDataFrame(frame, geometry=[None] * len(frame), crs=context.district.crs)


def conformed(frame: pd.DataFrame, layer: Layer, context: Context) -> pd.DataFrame:
    """``frame`` typed and ordered as the layer has it, still knowing its rows of the file."""
    typed = conform(frame, layer, context.district.crs)
    return typed.assign(**{ROW: frame[ROW].to_numpy(), SHEET: frame[SHEET].to_numpy(dtype=object)})
