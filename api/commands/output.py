"""Writing out: a layer as a file of rows, the map as one file."""

import os
import tempfile
from pathlib import Path

from api.commands.figures import town_code
from api.commands.saying import say, say_json
from api.settings import Settings
from api.wiring import open_services
from geo.errors import BadInput, UnreadableFile
from geo.exports import write_layers
from geo.layers import layer_named
from geo.store.places import is_live
from maps.atlas import MAP_LAYERS
from maps.townmap import render_file
from maps.view import build_view
from maps.wording import wording


def export_layer(
    settings: Settings, layer: str, out: Path, *, town: str | None, crs: str | None, as_json: bool
) -> int:
    """Write rows of a layer, of the district or of a town, to a new file of the kind that its name says."""
    layer_named(layer)
    services = open_services(settings)
    try:
        refuse_live(out)
        atlas = services.atlas()
        rows = atlas.frames[layer]
        code = town_code(atlas.district, town)
        if code is not None:
            if layer not in MAP_LAYERS or "town" not in atlas.layer(layer):
                raise BadInput("no_town_in_layer", layer=layer)
            rows = rows[(atlas.layer(layer)["town"] == code).fillna(False).to_numpy(bool)]
        write_layers({layer: rows}, out, crs=crs)
    finally:
        services.close()
    _said(settings, out, len(rows), as_json)
    return 0


def refuse_live(path: Path) -> None:
    """``BadInput`` where ``path`` is a store that is open: an export never writes into it."""
    if is_live(path):
        raise BadInput("is_the_store", path=str(path))


def write_map(settings: Settings, out: Path, *, town: str | None, theme: str, as_json: bool) -> int:
    """Write one self-contained HTML file, in place at once or not at all."""
    services = open_services(settings)
    try:
        refuse_live(out)
        atlas = services.atlas()
        view = build_view(atlas, theme=theme, town=town, lang=settings.lang, embed_limit=None)
        html = render_file(view, wording(settings.lang))
    finally:
        services.close()
    write_whole(out, html.encode())
    _said(settings, out, len(view.rows["communities"]), as_json)
    return 0


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name and move it into place; ``UnreadableFile`` where that cannot be."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as error:
        raise UnreadableFile("cannot_write", path=str(path), problem=error.strerror or str(error)) from error


def _said(settings: Settings, out: Path, rows: int, as_json: bool) -> None:
    size = out.stat().st_size
    if as_json:
        say_json({"file": str(out), "rows": rows, "bytes": size})
    else:
        say(wording(settings.lang)("cli.written", file=out, rows=rows, size=f"{size / 1e6:.1f}"))
