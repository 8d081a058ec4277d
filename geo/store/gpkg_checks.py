"""Whether a GeoPackage is sound in itself: pages, R-trees, guards and the tables of the format."""

from collections.abc import Callable, Iterator
from typing import Any

from geo.layers import LAYERS
from geo.store.protocol import Problem
from geo.store.schema import trigger_names
from geo.store.tables import GEOMETRY_COLUMN, LAYER_TABLES, RECORD_TABLES

Ask = Callable[[str], list[tuple[Any, ...]]]


def unsound(ask: Ask) -> Iterator[Problem]:
    """Every fault: ``damaged`` pages, ``index`` unlike its rows, ``guard`` or ``table`` that is missing."""
    for (told,) in ask("PRAGMA integrity_check"):
        if told != "ok":
            yield Problem(0, "damaged", detail=str(told))
    for table, fid, *_ in ask("PRAGMA foreign_key_check"):
        yield Problem(0, "damaged", detail=f"{table} {fid}")
    there = {name for (name,) in ask("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'table')")}
    for name in (*LAYER_TABLES, *(table.name for table in RECORD_TABLES)):
        if name not in there:
            yield Problem(0, "table", layer=name)
        for trigger in trigger_names(name):
            if trigger not in there:
                yield Problem(0, "guard", layer=name, detail=trigger)
    for layer in LAYERS.values():
        if layer.geometry and layer.name in there:
            yield from _index(ask, layer.name)


def _index(ask: Ask, layer: str) -> Iterator[Problem]:
    tree = f"rtree_{layer}_{GEOMETRY_COLUMN}"
    if ask(f"SELECT name FROM sqlite_master WHERE name = '{tree}'") != [(tree,)]:
        yield Problem(0, "index", layer=layer, detail="missing")
        return
    for (told,) in ask(f"SELECT rtreecheck('{tree}')"):
        if told != "ok":
            yield Problem(0, "index", layer=layer, detail=str(told))
    drawn = f"SELECT fid FROM {layer} WHERE {GEOMETRY_COLUMN} NOTNULL"
    for more, less in ((drawn, f"SELECT id FROM {tree}"), (f"SELECT id FROM {tree}", drawn)):
        ((count,),) = ask(f"SELECT count(*) FROM ({more} EXCEPT {less})")
        if count:
            yield Problem(0, "index", layer=layer, detail=f"{count} rows differ")
            return
    geometry = GEOMETRY_COLUMN
    ((count,),) = ask(
        f"SELECT count(*) FROM {layer} JOIN {tree} AS tree ON tree.id = fid WHERE "
        f"minx > ST_MinX({geometry}) OR maxx < ST_MaxX({geometry}) OR "
        f"miny > ST_MinY({geometry}) OR maxy < ST_MaxY({geometry})"
    )
    if count:
        yield Problem(0, "index", layer=layer, detail=f"{count} boxes too small")
