"""The rows of a layer that pass a filter, as the store has them."""

import geopandas as gpd

from api.schemas import ExportLayer
from maps.linepanel import picked_digs, picked_lines
from maps.panel import Scene


def picked(scene: Scene, layer: ExportLayer) -> gpd.GeoDataFrame:
    """Rows with the contract's columns, in the district's CRS."""
    rows = scene.atlas.frames[layer]
    return rows[rows["id"].isin(_ids(scene, layer)).to_numpy(bool)]


def _ids(scene: Scene, layer: ExportLayer) -> set[str]:
    if layer is ExportLayer.LINES:
        return set(picked_lines(scene)["id"])
    if layer is ExportLayer.DIGS:
        return set(picked_digs(scene)["id"])
    communities = set(scene.standing()["id"])
    if layer is ExportLayer.COMMUNITIES:
        return communities
    buildings = scene.atlas.frames["buildings"]
    return set(buildings.loc[buildings["community"].isin(communities), "id"])
