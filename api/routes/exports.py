"""Hand-outs of the rows that pass the filter, written beside the store and gone after they are sent."""

import shutil
import tempfile
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from api.access import needs
from api.deps import SceneDep
from api.handouts import picked
from api.policy import Need
from api.schemas import ExportLayer, Format
from maps.ledgers import sheet_of
from maps.panel import Scene
from maps.workbook import write_workbook

router = APIRouter(prefix="/api", tags=["export"])
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES = {
    Format.GPKG: "application/geopackage+sqlite3",
    Format.GEOJSON: "application/geo+json",
    Format.CSV: "text/csv; charset=utf-8",
}


@router.get("/export", dependencies=[needs(Need.EXPORT)])
def export(
    scene: SceneDep, format: Format = Format.XLSX, layer: ExportLayer = ExportLayer.COMMUNITIES
) -> Response:
    """The rows of a layer as filtered, as a workbook, GeoPackage, GeoJSON or CSV."""
    if format is Format.XLSX:
        return _workbook(scene, layer)
    # GDAL comes into memory (30 MB) with the first file that it writes, not with the service.
    from geo.exports import write_layers

    folder = Path(tempfile.mkdtemp(prefix="tongchou-export-"))
    gone = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    try:
        path = folder / f"{layer}.{format}"
        write_layers({str(layer): picked(scene, layer)}, path)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return FileResponse(path, media_type=TYPES[format], headers=_named(scene, layer, format), background=gone)


def _workbook(scene: Scene, layer: ExportLayer) -> Response:
    atlas = scene.atlas
    title = f"{scene.words.name_of(atlas.district.names)} {scene.words(f'app.sheet.{layer}')}"
    content = write_workbook(
        sheet_of(scene, layer),
        scene.words,
        scene.figures,
        title=title,
        as_of=atlas.as_of,
        revision=atlas.revision,
    )
    return Response(content, media_type=XLSX, headers=_named(scene, layer, Format.XLSX))


def _named(scene: Scene, layer: ExportLayer, format: Format) -> dict[str, str]:
    atlas = scene.atlas
    place = (
        scene.town_name(scene.state.town) if scene.state.town else scene.words.name_of(atlas.district.names)
    )
    name = f"{place}-{scene.words(f'app.sheet.{layer}')}-{atlas.as_of}-r{atlas.revision}.{format}"
    plain = f"{layer}-{atlas.as_of}-r{atlas.revision}.{format}"
    return {
        "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}",
        "cache-control": "no-store",
    }
