"""One table as it stands in a file, before anybody has said what its columns mean."""

from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

RowNumbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Table:
    """Raw columns by header, with the number of each row as a person sees it.

    ``name``: sheet or sublayer, else the file's stem. ``sheet``: what notes call it, empty where the file
    has only one table. ``totals`` are rows such as 合计 that were set aside (``total_rows`` their numbers).
    ``title`` is the text above the heading. ``cut_headers``: names come from a DBF and end after 10 bytes.
    ``frame`` is a GeoDataFrame where the file has shapes. ``encoding_declared`` is what the file says of
    itself, where that was overridden.
    """

    name: str
    file: str
    source: str
    frame: pd.DataFrame
    rows: RowNumbers
    sheet: str = ""
    title: str = ""
    totals: pd.DataFrame = field(default_factory=pd.DataFrame)
    total_rows: RowNumbers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    cut_headers: bool = False
    encoding: str = ""
    encoding_declared: str = ""
    spatial: bool = False

    @property
    def headers(self) -> list[str]:
        """Names of the columns without the geometry."""
        names = [str(name) for name in self.frame.columns]
        return [name for name in names if name != "geometry"] if self.spatial else names

    def with_frame(self, frame: pd.DataFrame) -> "Table":
        """The same table with another frame of the same rows."""
        return replace(self, frame=frame)

    def only(self, keep: npt.NDArray[np.bool_]) -> "Table":
        """The rows of ``keep``."""
        return replace(self, frame=self.frame.loc[keep].reset_index(drop=True), rows=self.rows[keep])

    def geometry(self) -> gpd.GeoDataFrame:
        """The frame as a GeoDataFrame; only where ``spatial``."""
        return gpd.GeoDataFrame(self.frame, geometry="geometry")
