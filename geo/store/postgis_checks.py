"""Whether a PostGIS store is sound in itself: head, guards, indexes and shapes."""

from collections.abc import Callable, Iterator
from typing import Any

from geo.layers import LAYERS
from geo.store.postgres import SCHEMA
from geo.store.protocol import Problem
from geo.store.tables import EVENT, GEOMETRY_COLUMN, LAYER_TABLES, RECEIPT, RECORD_TABLES, REVISION

Ask = Callable[[str], list[tuple[Any, ...]]]

KEPT = (EVENT.name, REVISION.name, RECEIPT.name)
GUARDS = (
    "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
    f"WHERE c.relnamespace = '{SCHEMA}'::regnamespace AND t.tgenabled IN ('O', 'A')"
)
INDEXED = (
    "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x "
    "ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam "
    f"WHERE c.relnamespace = '{SCHEMA}'::regnamespace AND m.amname = 'gist' AND i.indisvalid"
)
HEAD = (
    "SELECT h.revision, h.seq, h.hash, coalesce(r.revision, 0), coalesce(e.seq, 0), "
    "coalesce(e.hash, repeat('0', 64)) FROM tongchou_head h "
    "LEFT JOIN (SELECT max(revision) AS revision FROM tongchou_revision) r ON true "
    "LEFT JOIN (SELECT seq, hash FROM tongchou_event ORDER BY seq DESC LIMIT 1) e ON true"
)


def unsound(ask: Ask) -> Iterator[Problem]:
    """Every fault: ``head`` unlike the history, ``guard`` or ``index`` missing, ``shape`` not valid."""
    heads = ask(HEAD)
    if len(heads) != 1 or heads[0][:3] != heads[0][3:]:
        yield Problem(0, "head", detail=" ".join(map(str, heads[0][:2])) if heads else "missing")
    guards = set(ask(GUARDS))
    for name in (*LAYER_TABLES, *(table.name for table in RECORD_TABLES), "tongchou_head"):
        for trigger in ("tongchou_guard", *(("tongchou_keep",) if name in KEPT else ())):
            if (name, trigger) not in guards:
                yield Problem(0, "guard", layer=name, detail=trigger)
    indexed = {name for (name,) in ask(INDEXED)}
    for layer in LAYERS.values():
        if layer.geometry:
            if layer.name not in indexed:
                yield Problem(0, "index", layer=layer.name, detail="missing")
            yield from _shapes(ask, layer.name)


def _shapes(ask: Ask, layer: str) -> Iterator[Problem]:
    polygonal = f"ST_Dimension({GEOMETRY_COLUMN}) = 2 AND NOT ST_IsValid({GEOMETRY_COLUMN})"
    for (row,) in ask(f"SELECT id FROM {layer} WHERE {polygonal} ORDER BY fid"):
        yield Problem(0, "shape", layer=layer, row=row)
