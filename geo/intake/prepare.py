"""An import from beginning to end: files to rows that are ready for the store, and to changes of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from secrets import token_hex

import numpy as np
import pandas as pd

from geo.district import District
from geo.errors import BadInput, NotFound
from geo.intake.context import Context, Settled
from geo.intake.draft import OWN_COLUMNS
from geo.intake.files import Reading, read_tables, refuse_store
from geo.intake.footprints import buildings_from
from geo.intake.headers import match_headers, suggest_layer
from geo.intake.ledger import communities_from
from geo.intake.outlines import into_district, with_shapes
from geo.intake.report import Intake, Level, Notes
from geo.intake.survey import lines_from, nodes_from, sort_tables
from geo.intake.table import Table
from geo.intake.towns import Committee
from geo.intake.trenches import boundaries_from, digs_from, ground_from, owners_from, works_from
from geo.intake.words import layer_words
from geo.layers import LAYERS, layer_named
from geo.programme.catalogue import WorkKind
from geo.store.steps import Change
from geo.vocabulary import Mode

Progress = Callable[[str, int, int], None]
Builder = Callable[[Sequence[Table], Context], list[Settled]]

_BUILDERS: Mapping[str, Builder] = {
    "communities": communities_from,
    "buildings": buildings_from,
    "digs": digs_from,
    "owners": owners_from,
    "boundaries": boundaries_from,
    "ground": ground_from,
    "works": works_from,
}
_IDS_AT_ONCE = 4096
_NEVER_REMOVED = ("owners", "communities")


def opaque_ids() -> Callable[[str], str]:
    """A maker of new ids: opaque random text of 32 hexadecimal digits, never used before."""

    def make() -> Iterator[str]:
        while True:
            digits = token_hex(16 * _IDS_AT_ONCE)
            yield from (digits[start : start + 32] for start in range(0, len(digits), 32))

    ids = make()
    return lambda layer: next(ids)


def _quiet(step: str, done: int, total: int) -> None:
    """No progress is shown."""


def prepare(
    paths: Sequence[Path],
    layer: str | None,
    *,
    district: District,
    catalogue: Sequence[WorkKind],
    committees: Sequence[Committee],
    existing: Mapping[str, pd.DataFrame],
    mode: Mode = Mode.ADD,
    crs: str | None = None,
    encoding: str | None = None,
    sublayer: str | None = None,
    source: str | None = None,
    default_town: str | None = None,
    new_id: Callable[[str], str] | None = None,
    store_path: Path | None = None,
    fenced: bool = True,
    on_progress: Progress = _quiet,
) -> Intake:
    """Read files for a layer and make of them rows that keep the contract, in the district's CRS.

    ``layer`` ``None`` takes the one that the headings look like. ``existing`` holds the store's rows by
    layer. ``source`` is what rows are recognised by later, by default the file's stem. Nothing is written.

    Raises for the file as a whole: ``UnreadableFile``, ``MissingCRS``, ``WrongCRS``, ``WrongGeometry``,
    ``NotFound`` for an unknown layer, ``BadInput`` (``no_known_header``, ``layer_unclear``, ``no_rows``).
    What is wrong with single rows is in the result's notes, and ``Intake.fault()`` is the error that stands
    for it.
    """
    if layer is not None and layer_named(layer).name not in layer_words():
        raise NotFound("no_such_layer", layer=layer, known=", ".join(layer_words()))
    refuse_store(paths, store_path)
    notes = Notes()
    tables = read_tables(paths, Reading(layer, sublayer, encoding, fenced), on_progress)
    tables = [with_shapes(_named(table, source), notes) for table in tables]
    _remark_encodings(tables, notes)
    layer = layer or _suggested(tables)
    tables = _relevant(tables, layer)
    tables = [into_district(table, crs, district, notes) for table in tables]
    context = Context(
        district, catalogue, committees, existing, mode, new_id or opaque_ids(), notes, default_town
    )
    on_progress("check", 0, 1)
    settled = _build(layer, tables, context, crs)
    _remark_unknown_headers(tables, layer, notes)
    on_progress("check", 1, 1)
    return _intake(settled, tables, layer, context)


def changes(intake: Intake, existing: Mapping[str, pd.DataFrame], mode: Mode) -> list[Change]:
    """What is to be recorded for an import: new rows added, known rows updated where they differ, others
    removed.

    ``seen`` carries the ``row_revision`` of the stored rows where ``existing`` has that column.
    """
    found: list[Change] = []
    for name in LAYERS:
        frame = intake.frames.get(name)
        removed = intake.removed.get(name, ())
        if frame is None and not removed:
            continue
        found.append(_change(name, frame, existing.get(name), removed))
    return [
        change for change in found if change.add is not None or change.update is not None or change.remove
    ]


def _change(
    name: str, frame: pd.DataFrame | None, stored: pd.DataFrame | None, removed: Sequence[str]
) -> Change:
    if frame is None or not len(frame):
        return Change(name, None, None, removed, _seen(stored, removed))
    known = (
        frame["id"].isin(stored["id"]).to_numpy(bool)
        if stored is not None
        else np.zeros(len(frame), dtype=bool)
    )
    add = frame.loc[~known].reset_index(drop=True) if not known.all() else None
    update = frame.loc[known].reset_index(drop=True) if known.any() else None
    touched = [*(update["id"].tolist() if update is not None else []), *removed]
    return Change(name, add, update, removed, _seen(stored, touched))


def _seen(stored: pd.DataFrame | None, ids: Sequence[str]) -> dict[str, int] | None:
    if stored is None or "row_revision" not in stored or not len(ids):
        return None
    rows = stored.loc[stored["id"].isin(ids)]
    return {
        str(identity): int(revision)
        for identity, revision in zip(rows["id"], rows["row_revision"], strict=True)
    }


def _remark_encodings(tables: Sequence[Table], notes: Notes) -> None:
    """A file that says it is in an encoding which its text cannot be in was read in another one."""
    for table in tables:
        if table.encoding_declared:
            notes.add(
                Level.REPAIRED,
                "encoding_overridden",
                sheet=table.sheet,
                declared=table.encoding_declared,
                encoding=table.encoding,
            )


def _named(table: Table, source: str | None) -> Table:
    return table if source is None else Table(**{**table.__dict__, "source": source})


def _suggested(tables: Sequence[Table]) -> str:
    for table in tables:
        kinds = sorted(set(table.geometry().geometry.geom_type.dropna())) if table.spatial else []
        found = suggest_layer(table.headers, kinds, cut=table.cut_headers)
        if found is not None:
            return "lines" if found == "nodes" and len(tables) > 1 else found
    seen = ", ".join(header for table in tables for header in table.headers)[:400]
    raise BadInput(
        "layer_unclear",
        file=", ".join(table.file for table in tables),
        seen=seen,
        known=", ".join(layer_words()),
    )


def _relevant(tables: Sequence[Table], layer: str) -> list[Table]:
    """The tables that can be rows of the layer; sheets that name none of its columns are left out."""
    filled = [table for table in tables if len(table.frame)]
    if not filled:
        raise BadInput("no_rows", file=", ".join(dict.fromkeys(table.file for table in tables)))
    if len(filled) == 1:
        return filled
    if layer in ("lines", "nodes"):
        sorted_tables = sort_tables(filled)
        kept = {
            id(table)
            for group in (sorted_tables.points, sorted_tables.lines, sorted_tables.shapes)
            for table, _ in group
        }
        return [table for table in filled if id(table) in kept]
    fitting = [table for table in filled if _fits(table, layer)]
    return fitting or filled[:1]


def _fits(table: Table, layer: str) -> bool:
    found = match_headers(table.headers, layer, cut=table.cut_headers)
    needed = {"communities": "name", "buildings": "number", "owners": "name"}.get(layer)
    return len(found.headers) >= (1 if table.spatial else 2) and (
        table.spatial or needed is None or needed in found
    )


def _build(layer: str, tables: Sequence[Table], context: Context, crs: str | None) -> list[Settled]:
    if layer == "lines":
        return lines_from(tables, context, crs)
    if layer == "nodes":
        return nodes_from(tables, context, crs)
    return _BUILDERS[layer](tables, context)


def _remark_unknown_headers(tables: Sequence[Table], layer: str, notes: Notes) -> None:
    """Headings that no column of the contract answers to are named once for each table."""
    for table in tables:
        matches = [match_headers(table.headers, name, cut=table.cut_headers) for name in _layers_of(layer)]
        unknown = set.intersection(*(set(match.unknown) for match in matches))
        if unknown:
            shown = ", ".join(header for header in table.headers if header in unknown)
            notes.add(Level.NOTE, "columns_ignored", sheet=table.sheet, value=shown)


def _layers_of(layer: str) -> tuple[str, ...]:
    return ("lines", "nodes") if layer in ("lines", "nodes") else (layer,)


def _intake(settled: Sequence[Settled], tables: Sequence[Table], layer: str, context: Context) -> Intake:
    rows = context.notes.all()
    refused = {(note.sheet, note.row) for note in rows if note.level is Level.REFUSED}
    repaired = {
        (note.sheet, note.row) for note in rows if note.level is Level.REPAIRED and note.row is not None
    }
    read = sum(len(table.frame) for table in tables)
    own = [each for each in settled if not each.made]
    accepted = sum(len(each.frame) for each in own)
    frames = {each.layer: _changed(each) for each in settled if len(each.frame)}
    return Intake(
        frames={name: frame for name, frame in frames.items() if len(frame)},
        rows=rows,
        read=read,
        accepted=accepted,
        repaired=len(repaired - refused),
        refused=len(refused),
        created={each.layer: len(each.frame) for each in settled if each.made and len(each.frame)},
        layer=layer,
        source=tables[0].source,
        removed=_removed(settled, tables, context),
        kept=sum(int(each.equal.sum()) for each in own),
    )


def _changed(settled: Settled) -> pd.DataFrame:
    rows = settled.frame.drop(columns=[name for name in OWN_COLUMNS if name in settled.frame])
    return rows.loc[~settled.equal].reset_index(drop=True) if settled.equal.any() else rows


def _removed(
    settled: Sequence[Settled], tables: Sequence[Table], context: Context
) -> dict[str, tuple[str, ...]]:
    """Rows of the same source that a replacing import does not bring again."""
    if context.mode is not Mode.REPLACE:
        return {}
    sources = {table.source for table in tables}
    removed: dict[str, tuple[str, ...]] = {}
    for each in settled:
        if each.made and each.layer in _NEVER_REMOVED:
            continue
        stored = context.stored(each.layer)
        mine = stored["source"].isin(sources).to_numpy(bool) & ~stored["id"].isin(each.frame["id"]).to_numpy(
            bool
        )
        if mine.any():
            removed[each.layer] = tuple(stored.loc[mine, "id"].astype(str))
    return removed
