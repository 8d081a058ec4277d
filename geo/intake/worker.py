"""The fenced reader: a process of its own that opens one file with GDAL, hands over Arrow, and may die alone.

It is run as a script, imports nothing of this project and reads its request as one line of JSON on standard
input. Its answer is one line of JSON on standard output; rows go to an Arrow IPC file.
"""

import json
import sys
from typing import Any

OFFLINE = {
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "CPL_VSIL_CURL_USE_HEAD": "NO",
    "GDAL_HTTP_PROXY": "127.0.0.1:9",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_HTTP_CONNECTTIMEOUT": "1",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GDAL_PAM_ENABLED": "NO",
    "OGR_ORGANIZE_POLYGONS": "DEFAULT",
    "OGR_GEOJSON_MAX_OBJ_SIZE": "0",
    "SHAPE_RESTORE_SHX": "NO",
}
DRIVERS = ("ESRI Shapefile", "GPKG", "GeoJSON", "GeoJSONSeq", "TopoJSON", "ESRIJSON")


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Do what ``request["do"]`` says: ``layers`` lists sublayers, ``read`` writes rows to
    ``request["out"]``."""
    import pyogrio

    pyogrio.set_gdal_config_options({**OFFLINE, **request.get("options", {})})
    return _layers(request) if request["do"] == "layers" else _read(request)


def _layers(request: dict[str, Any]) -> dict[str, Any]:
    import pyogrio

    path, encoding = request["path"], request.get("encoding")
    found = []
    for name, geometry in pyogrio.list_layers(path):
        info = pyogrio.read_info(path, layer=name, encoding=encoding, force_feature_count=True)
        if info["driver"] not in DRIVERS:
            raise ValueError(f"driver {info['driver']} is not read")
        found.append(
            {
                "name": str(name),
                "geometry": geometry,
                "crs": info["crs"],
                "rows": int(info["features"]),
                "columns": [str(field) for field in info["fields"]],
                "driver": info["driver"],
            }
        )
    return {"layers": found}


def _read(request: dict[str, Any]) -> dict[str, Any]:
    import pyarrow as pa
    from pyogrio.raw import open_arrow

    with open_arrow(
        request["path"],
        layer=request.get("layer"),
        encoding=request.get("encoding"),
        datetime_as_string=True,
        batch_size=65_536,
        use_pyarrow=True,
    ) as (meta, reader):
        with pa.OSFile(request["out"], "wb") as sink, pa.ipc.new_file(sink, reader.schema) as writer:
            rows = 0
            for batch in reader:
                rows += batch.num_rows
                writer.write_batch(batch)
        return {
            "crs": meta["crs"],
            "geometry_type": meta["geometry_type"],
            "geometry_name": meta["geometry_name"] or "wkb_geometry",
            "fid_column": meta["fid_column"] or "OGC_FID",
            "rows": rows,
        }


def main() -> None:
    """Answer one request; on failure answer ``{"error": …}`` and leave with status 1.

    What pyogrio would import for frames is not needed here and is kept out: it halves the time to start.
    """
    for name in ("geopandas", "pandas", "shapely", "pyproj"):
        sys.modules[name] = None  # type: ignore[assignment]
    request = json.loads(sys.stdin.readline())
    try:
        reply = answer(request)
    except Exception as error:  # noqa: BLE001
        reply = {"error": f"{type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(reply, ensure_ascii=True) + "\n")
    sys.exit("error" in reply)


if __name__ == "__main__":
    main()
