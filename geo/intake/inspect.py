"""What a file is, before it is imported: format, encoding and why, CRS, rows, columns, the layer it looks
like."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geo.errors import BadInput
from geo.intake.encodings import text_encoding
from geo.intake.files import TABLE_SUFFIXES, Reading, data_files, refuse_store, tables_of
from geo.intake.headers import suggest_layer
from geo.intake.read import file_encoding, format_of, sublayers


@dataclass(frozen=True)
class Part:
    """One sublayer or sheet. ``geometry``: type names, empty for a plain table. ``suggested``: a layer or
    ``None``."""

    file: str
    name: str
    rows: int
    columns: tuple[str, ...]
    geometry: tuple[str, ...]
    crs: str | None
    suggested: str | None


@dataclass(frozen=True)
class Inspection:
    """What was found. ``encoding_why``: given, bom, cpg, language_byte, detected, ascii or format.

    ``encoding_declared`` is what the file says of itself where its text cannot be in that.
    """

    path: str
    format: str
    encoding: str
    encoding_why: str
    encoding_declared: str
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def crs(self) -> str | None:
        return next((part.crs for part in self.parts if part.crs), None)

    @property
    def suggested(self) -> str | None:
        return next((part.suggested for part in self.parts if part.suggested), None)


def inspect_file(
    path: Path, *, layer: str | None = None, encoding: str | None = None, store_path: Path | None = None
) -> Inspection:
    """Look into a file, a folder or a zip. ``layer`` picks one sublayer or sheet.

    Raises ``UnreadableFile``, also where ``path`` is the store itself, and ``BadInput`` for an unknown
    sublayer.
    """
    refuse_store([path], store_path)
    with data_files([path]) as files:
        each = [_inspect(file, layer, encoding) for file in files]
    first = each[0]
    return Inspection(
        path=path.name,
        format=f"{first.format} (zip)" if path.suffix.lower() == ".zip" else first.format,
        encoding=first.encoding,
        encoding_why=first.encoding_why,
        encoding_declared=first.encoding_declared,
        parts=tuple(part for found in each for part in found.parts),
    )


def _inspect(path: Path, layer: str | None, encoding: str | None) -> Inspection:
    return (
        _inspect_table(path, layer, encoding)
        if path.suffix.lower() in TABLE_SUFFIXES
        else _inspect_spatial(path, layer, encoding)
    )


def _inspect_spatial(path: Path, layer: str | None, encoding: str | None) -> Inspection:
    if format_of(path) is None:
        tables_of(path, Reading())
    found = file_encoding(path, encoding)
    every = sublayers(path, encoding=encoding)
    chosen = [each for each in every if layer in (None, each.name)]
    if not chosen:
        raise BadInput(
            "no_such_sublayer", sublayer=layer, file=path.name, known=", ".join(each.name for each in every)
        )
    parts = tuple(
        Part(
            path.name,
            each.name,
            each.rows,
            each.columns,
            _types(each.geometry),
            each.crs,
            _suggest(each.columns, each.geometry),
        )
        for each in chosen
    )
    return Inspection(path.name, format_of(path) or "", found.name, found.why, found.declared, parts)


def _inspect_table(path: Path, layer: str | None, encoding: str | None) -> Inspection:
    parts = tuple(
        Part(
            path.name,
            table.name,
            len(table.frame),
            tuple(table.headers),
            (),
            None,
            suggest_layer(table.headers, ()),
        )
        for table in tables_of(path, Reading(sublayer=layer, encoding=encoding))
    )
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return Inspection(path.name, "XLSX", "UTF-8", "format", "", parts)
    found = text_encoding(path, encoding)
    return Inspection(path.name, "CSV", found.name, found.why, found.declared, parts)


def _types(geometry: str | None) -> tuple[str, ...]:
    return (geometry,) if geometry else ()


def _suggest(columns: Sequence[str], geometry: str | None) -> str | None:
    return suggest_layer(columns, _types(geometry.split(" ")[0] if geometry else None), cut=True)
