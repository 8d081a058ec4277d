"""A district with secrets that cannot be mistaken, and the same without what an audience may not see."""

import io
import re
import struct
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from httpx import Response

from api.settings import Settings
from api.wiring import Services, now, open_services
from geo.audience import Audience, masks, visible
from geo.layers import LAYERS, conform
from geo.store.opening import create_from
from geo.store.record import Change, record
from geo.vocabulary import AudienceKind

MARK = "zqx"
"""In every text that is planted; ``zqxown`` where the utility and the town of the tests may see it."""
OWNER, OTHER = "own-water", "own-gas"
LENGTH = 3.7719
SPOTS = {"own": (0.137531, 0.246813), "other": (0.371937, 0.482619)}
"""Where in a community planted shapes begin, as fractions of a metre: no other coordinate ends like that."""


def planted(frames: Mapping[str, pd.DataFrame], home: str, away: str) -> dict[str, list[dict[str, Any]]]:
    """Rows of every layer in a community of one's own town and in one of another, of two owners."""
    out: dict[str, list[dict[str, Any]]] = {}
    for community in (home, away):
        shape = frames["communities"].set_index("id").geometry[community]
        for owner in (OWNER, OTHER):
            for layer, row in _rows(community, owner, shape.representative_point()):
                out.setdefault(layer, []).append(row)
    return out


def name_of(layer: str, community: str, owner: str) -> str:
    return f"{MARK}{layer}-{community}-{owner}"


def _rows(community: str, owner: str, spot: shapely.Point) -> Iterator[tuple[str, dict[str, Any]]]:
    def told(layer: str, *columns: str) -> dict[str, Any]:
        name = name_of(layer, community, owner)
        return {"id": name, "community": community, **{column: f"{name}-{column}" for column in columns}}

    x, y = (round(side) + part for side, part in zip((spot.x, spot.y), SPOTS[_side(owner)], strict=True))
    path = shapely.LineString([(x, y), (x + LENGTH, y)])
    dig = name_of("digs", community, owner)
    yield "digs", {
        **told("digs", "number", "purpose", "contractor", "note", "surface"),
        "owner": owner, "utility": "JS", "state": "submitted", "width_m": 1.37191, "depth_m": 2.91731,
        "window_start": "2026-08-01", "window_end": "2026-08-09", "geometry": path,
    }  # fmt: skip
    yield "lines", {
        **told("lines", "size_text", "material", "laying", "note", "road", "start_number", "end_number"),
        "owner": owner, "utility": "JS", "state": "planned", "dig": dig, "depth_start_m": 1.73911,
        "depth_end_m": 2.19173, "pressure_mpa": 0.73119, "voltage_kv": 7.73119, "geometry": path,
    }  # fmt: skip
    yield "nodes", {
        **told("nodes", "number", "feature", "appurtenance", "note"),
        "owner": owner, "utility": "JS", "geometry": shapely.Point(x, y),
    }  # fmt: skip
    yield "files", {**told("files", "name", "caption", "sha256"), "community": None, "dig": dig,
                    "media_type": "image/png", "size_bytes": 1}  # fmt: skip
    if owner == OTHER:
        work = {"code": "roof", "cost_fen": 7_391_173, "progress_percent": 37, "planned_start": "2026-05-01",
                "planned_end": "2026-06-01"}  # fmt: skip
        yield "works", {**told("works", "contractor", "note"), **work}
        yield "inspections", {**told("inspections", "note"), "inspected_on": "2026-05-05", "result": "failed"}


def _side(owner: str) -> str:
    return "own" if owner == OWNER else "other"


def plant(services: Services, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    """Record them, with a word in every community's and owner's own columns, as one change."""
    frames = services.keeper.current().frames
    changes = [Change(layer, add=frame_of(services, layer, rows[layer])) for layer in LAYERS if layer in rows]
    communities = frames["communities"][["id"]]
    said = {column: f"{MARK}-" + communities["id"] + f"-{column}" for column in ("note", "delay_reason")}
    owners = frames["owners"][["id"]]
    contact = {"contact": f"{MARK}-" + owners["id"] + "-contact"}
    changes += [
        Change("communities", update=communities.assign(**said)),
        Change("owners", update=owners.assign(**contact)),
    ]
    record(
        services.store,
        changes,
        actor=f"{MARK}-actor",
        at=now(),
        origin=f"{MARK}-origin.xlsx",
        summary=f"{MARK}-sum",
    )


def frame_of(services: Services, layer: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    if LAYERS[layer].geometry:
        frame = gpd.GeoDataFrame(frame, geometry="geometry", crs=services.district.crs)
    return conform(frame, LAYERS[layer], services.district.crs)


def reduced(services: Services, audience: Audience, path: Path) -> Services:
    """Services over a store that never had what ``audience`` may not see, at the same revision.

    Columns that are not for it stay, and so do the works, of which the public sees how far they are. A
    reference to what is not there is missing, as it has to be in a store.
    """
    frames = services.keeper.current().frames
    seen, shown = masks(frames, audience), visible(frames, audience)
    kept = {name: _without(frames, shown, seen, name, audience) for name in frames}
    meta = {name: value for name, value in services.store.meta().items() if name != "revision"}
    with create_from(str(path), meta) as store:
        first = [Change("boundaries", add=kept.pop("boundaries"))]
        rest = [Change(name, add=kept[name]) for name in LAYERS if name in kept and len(kept[name])]
        for changes in (first, rest):
            record(store, changes, actor="t", at=now(), origin="test")
        assert store.revision() == services.store.revision()
    return open_services(Settings(store=str(path)))


def _without(
    frames: Mapping[str, pd.DataFrame],
    shown: Mapping[str, pd.DataFrame],
    seen: Mapping[str, Any],
    layer: str,
    audience: Audience,
) -> pd.DataFrame:
    if audience.kind is AudienceKind.PUBLIC and layer == "works":
        return frames[layer].drop(columns="row_revision")
    rows = frames[layer][seen[layer]].reset_index(drop=True).drop(columns="row_revision")
    references = {
        column.name: shown[layer][column.name]
        for column in LAYERS[layer].columns
        if column.refers_to in frames
    }
    return rows.assign(**references)


def secrets_of(services: Services, audience: Audience) -> list[bytes]:
    """Every planted text, and coordinate of the district's own, that the audience may not see, as it would
    stand in an answer."""
    frames = services.keeper.current().frames
    shown = visible(frames, audience)
    texts = _texts(frames) - _texts(shown)
    hidden = frames["lines"][~masks(frames, audience)["lines"]]
    planted_lines = hidden[hidden["id"].str.startswith(MARK)].geometry
    xy = shapely.get_coordinates(planted_lines.array)
    numbers = {f"{value:.4f}"[:-1] for value in xy.ravel()}
    blobs = [struct.pack("<d", value) for value in xy.ravel()]
    rest = [f"{MARK}-origin", f"{MARK}-sum"]
    if audience.kind in (AudienceKind.UTILITY, AudienceKind.PUBLIC):
        rest += ["7391173", "73911.73", "73,911"]
    return [text.encode() for text in (*texts, *numbers, *rest)] + blobs


def _texts(frames: Mapping[str, pd.DataFrame]) -> set[str]:
    found: set[str] = set()
    for frame in frames.values():
        for name in pd.DataFrame(frame).select_dtypes("string"):
            values = frame[name]
            found |= set(values[values.str.contains(MARK, regex=False).fillna(False)])
    return found


def content_of(answer: Response) -> bytes:
    """What an answer says, out of its archive, without what differs from one answer to the next."""
    body = answer.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            return b"".join(
                book.read(name) for name in sorted(book.namelist()) if not name.endswith("core.xml")
            )
    body = re.sub(rb'nonce="[^"]*"', b"", body)
    body = re.sub(rb'<p class="presence">.*?</p>', b"", body)
    body = re.sub(rb'(tab=history#rows"[^>]*>[^<]*<span class="count">)\d+', rb"\1", body)
    return re.sub(rb'("csrf": *"|"account": *"|name="csrf" value="|csrf-token" content=")[^"]*', b"", body)
