"""Tables from CSV and XLSX: where the heading stands, which rows are data, which are totals."""

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
from openpyxl.utils import range_boundaries

from geo.errors import UnreadableFile
from geo.intake.archives import check_archive
from geo.intake.encodings import text_encoding
from geo.intake.headers import bare, hits
from geo.intake.table import Table
from geo.intake.values import is_nothing, parse_quantity, plain
from geo.intake.words import layer_words

_LOOK_FOR_HEADING = 40
_TOTAL = re.compile(
    r"^(总?合计|总计|小计|共计|累计|汇总|总数|合共|grand ?total|sub-?total|total)([:：(（].*|\d.*|$)",
    re.IGNORECASE,
)
_FOOTNOTE = re.compile(
    r"^(注\d*|备注|说明|填表说明|填表(人|单位|日期|时间)|制表(人|单位|日期|时间)?|审核(人)?|填报(人|单位|日期|时间)|(单位)?负责人|联系人|联系电话|"
    r"数据来源|note|source)[:：]",
    re.IGNORECASE,
)
_TOTAL_COLUMNS = 4
_DELIMITERS = ",;\t|"

Cells = list[list[Any]]


def read_csv(path: Path, *, encoding: str | None = None, layer: str | None = None) -> Table:
    """The one table of a CSV file; separators , ; tab |. Raises ``UnreadableFile``."""
    found = text_encoding(path, encoding)
    try:
        with path.open(encoding=found.name, newline="") as stream:
            text = stream.read()
    except UnicodeDecodeError as error:
        raise UnreadableFile("encoding_wrong", path=path.name, encoding=found.name) from error
    csv.field_size_limit(1 << 27)
    try:
        cells: Cells = [list(row) for row in csv.reader(io.StringIO(text), delimiter=_delimiter(text))]
    except csv.Error as error:
        raise UnreadableFile(path=path.name, problem=str(error)) from error
    table = _table(cells, path, path.stem, "", layer, {})
    if table is None:
        raise UnreadableFile("empty_file", path=path.name)
    return Table(**{**table.__dict__, "encoding": found.name})


def read_workbook(path: Path, *, layer: str | None = None, sheet: str | None = None) -> list[Table]:
    """The tables of an XLSX workbook, one for each visible sheet that has rows. Raises ``UnreadableFile``."""
    if not openpyxl.DEFUSEDXML and not openpyxl.LXML:
        raise UnreadableFile("xml_unprotected", path=path.name)
    check_archive(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
            try:
                chosen = [
                    page
                    for page in book.worksheets
                    if sheet in (None, page.title) and page.sheet_state == "visible"
                ]
                several = len(chosen) > 1
                found = [_sheet(page, path, layer, several) for page in chosen]
            finally:
                book.close()
    except UnreadableFile:
        raise
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError, SyntaxError) as error:
        raise UnreadableFile(path=path.name, problem=str(error) or type(error).__name__) from error
    return [table for table in found if table is not None]


def sheet_names(path: Path) -> list[str]:
    """Names of a workbook's sheets. Raises ``UnreadableFile``."""
    check_archive(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError) as error:
        raise UnreadableFile(path=path.name, problem=str(error)) from error
    try:
        return list(book.sheetnames)
    finally:
        book.close()


def _sheet(page: Any, path: Path, layer: str | None, several: bool) -> Table | None:
    page.reset_dimensions()
    cells: Cells = [list(row) for row in page.iter_rows(values_only=True)]
    merged = _merged(path, getattr(page, "_worksheet_path", ""))
    return _table(cells, path, page.title, page.title if several else "", layer, _spread(cells, merged))


def _merged(path: Path, part: str) -> list[tuple[int, int, int, int]]:
    """Merged ranges of a sheet as (first column, first row, last column, last row), counted from 1."""
    if not part:
        return []
    with zipfile.ZipFile(path) as archive:
        try:
            text = archive.read(part.lstrip("/"))
        except KeyError:
            return []
    tail = text[text.rfind(b"</sheetData>") :]
    refs = re.findall(rb'<(?:\w+:)?mergeCell ref="([A-Z]+[0-9]+:[A-Z]+[0-9]+)"', tail)
    bounds = [[int(side or 0) for side in range_boundaries(ref.decode())] for ref in refs]
    return [(left, top, right, bottom) for left, top, right, bottom in bounds]


def _spread(cells: Cells, merged: Iterable[tuple[int, int, int, int]]) -> dict[tuple[int, int], Any]:
    """Value of every cell that a merged range covers, by (row, column) counted from 0, text only."""
    covered: dict[tuple[int, int], Any] = {}
    for left, top, right, bottom in merged:
        value = cells[top - 1][left - 1] if top <= len(cells) and left <= len(cells[top - 1]) else None
        if isinstance(value, str) and value.strip():
            for row in range(top - 1, min(bottom, len(cells))):
                for column in range(left - 1, min(right, left + 200)):
                    covered[row, column] = value
    return covered


def _delimiter(text: str) -> str:
    head = [line for line in text.splitlines()[:_LOOK_FOR_HEADING] if line.strip()]
    counts = {mark: sum(line.count(mark) for line in head) for mark in _DELIMITERS}
    steady = {mark: sum(line.count(mark) > 0 for line in head) for mark in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda mark: (steady[mark], counts[mark]))
    return best if counts[best] else ","


def _table(
    cells: Cells, path: Path, name: str, sheet: str, layer: str | None, merged: dict[tuple[int, int], Any]
) -> Table | None:
    """The table in a grid of cells, or ``None`` where it has no filled cell."""
    filled = [place for place, row in enumerate(cells) if any(not is_blank(cell) for cell in row)]
    if not filled:
        return None
    heading = _heading(cells, filled, layer)
    width = max(len(cells[place]) for place in filled)
    names, first = _names(cells, heading, width, merged)
    data = [
        place
        for place in filled
        if place >= first and not _repeats(cells[place], cells[heading]) and not _is_footnote(cells[place])
    ]
    totals = [place for place in data if _is_total(cells[place])]
    kept = [place for place in data if place not in set(totals)]
    title = " ".join(
        plain(cell) for place in filled if place < heading for cell in cells[place] if not is_blank(cell)
    )
    return Table(
        name=name,
        file=path.name,
        source=path.stem,
        frame=_frame(cells, kept, names, width, merged),
        rows=np.asarray(kept, dtype=np.int64) + 1,
        sheet=sheet,
        title=title,
        totals=_frame(cells, totals, names, width, {}),
        total_rows=np.asarray(totals, dtype=np.int64) + 1,
    )


def _heading(cells: Cells, filled: Sequence[int], layer: str | None) -> int:
    """The row that names most columns of the layer (of any layer where none is given); else the first filled
    row."""
    layers = [layer] if layer is not None and layer in layer_words() else list(layer_words())
    if layer == "lines":
        layers.append("nodes")
    best, most = filled[0], 0
    for place in filled[:_LOOK_FOR_HEADING]:
        texts = [
            str(cell) for cell in cells[place] if isinstance(cell, str) and cell.strip() and len(cell) < 40
        ]
        count = max((hits(texts, wanted) for wanted in layers), default=0)
        if (count > most and len(texts) > 1) or (count and not most):
            best, most = place, count
    return best


def _names(
    cells: Cells, heading: int, width: int, merged: dict[tuple[int, int], Any]
) -> tuple[list[str], int]:
    """Names of the columns and where the data begins; a second heading row under merged cells is joined
    on."""
    top = [_at(cells, heading, column, merged) for column in range(width)]
    under = [_at(cells, heading + 1, column, merged) for column in range(width)]
    own = [_at(cells, heading, column, {}) for column in range(width)]
    below_own = [_at(cells, heading + 1, column, {}) for column in range(width)]
    split = [column for column in range(width) if below_own[column] and not own[column]]
    numeric = any(parse_quantity(text) is not None for text in below_own if text)
    first_named = next((column for column in range(width) if own[column]), 0)
    two_rows = bool(split) and not numeric and not below_own[first_named]
    if not two_rows:
        return _distinct([plain(text) for text in top]), heading + 1
    joined: list[str] = []
    above = ""
    for column in range(width):
        above = top[column] or (above if below_own[column] else "")
        below = under[column] if under[column] != top[column] else ""
        joined.append(plain(f"{above} {below}" if below_own[column] and above else above or below))
    return _distinct(joined), heading + 2


def _at(cells: Cells, row: int, column: int, merged: dict[tuple[int, int], Any]) -> str:
    if (row, column) in merged:
        return plain(merged[row, column])
    return plain(cells[row][column]) if row < len(cells) and column < len(cells[row]) else ""


def _distinct(names: Sequence[str]) -> list[str]:
    """Names made different from each other; empty ones stay empty-looking and unknown."""
    seen: dict[str, int] = {}
    out: list[str] = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return out


def _frame(
    cells: Cells, places: Sequence[int], names: Sequence[str], width: int, merged: dict[tuple[int, int], Any]
) -> pd.DataFrame:
    columns: dict[str, list[Any]] = {}
    for column in range(width):
        values = [cells[place][column] if column < len(cells[place]) else None for place in places]
        if merged:
            values = [merged.get((place, column), value) for place, value in zip(places, values, strict=True)]
        if names[column] or any(not is_blank(value) for value in values):
            columns[names[column] or f"#{column + 1}"] = [
                None if is_blank(value) else value for value in values
            ]
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})


def is_blank(cell: Any) -> bool:
    """Whether a cell holds nothing at all."""
    return cell is None or (isinstance(cell, str) and not cell.strip("\ufeff\u200b \t\r\n\u3000\xa0"))


def _is_total(row: Sequence[Any]) -> bool:
    """A row whose first filled cells say 合计, 总计 or 小计."""
    texts = [plain(cell).replace(" ", "") for cell in row[:_TOTAL_COLUMNS] if not is_blank(cell)]
    return any(_TOTAL.match(text) for text in texts if not is_nothing(text))


def _is_footnote(row: Sequence[Any]) -> bool:
    """A line under the table such as 注：… or 填表人：…, alone or beside others of its kind."""
    texts = [plain(cell) for cell in row if not is_blank(cell)]
    return len(texts) <= 4 and bool(_FOOTNOTE.match(texts[0].replace(" ", "")))


def _repeats(row: Sequence[Any], heading: Sequence[Any]) -> bool:
    """A heading printed again on a later page."""
    return [bare(cell) for cell in row if not is_blank(cell)] == [
        bare(cell) for cell in heading if not is_blank(cell)
    ]
