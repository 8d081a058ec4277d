"""A table as a workbook: headings in the reader's language, numbers as numbers, a total row, no formula."""

from datetime import date
from io import BytesIO
from typing import Any

import xlsxwriter

from maps import palette
from maps.figures import Figures
from maps.sheet import NUMERIC, Column, Sheet, heading, number
from maps.wording import Wording

WIDEST = 48
LONGEST_SHEET_NAME = 31
_FORMATS = {
    "count": "#,##0",
    "days": "#,##0",
    "percent": "0.0",
    "metres": "#,##0.00",
    "real": "#,##0.##",
    "day": "yyyy-mm-dd",
    "year": "0",
}


def write_workbook(
    sheet: Sheet, words: Wording, figures: Figures, *, title: str, as_of: date, revision: int
) -> bytes:
    """The rows of ``sheet`` as XLSX; the last rows say of which day and revision they are."""
    stream = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(stream, options) as book:
        book.set_properties({"title": title})
        formats = _formats(book, figures)
        page = book.add_worksheet(words(f"app.sheet.{sheet.name}")[:LONGEST_SHEET_NAME])
        _head(page, sheet, words, formats)
        _rows(page, sheet, words, figures, formats)
        _foot(page, sheet, words, figures, formats)
        note = f"{title} · {words('app.as_of', date=as_of.isoformat())} · r{revision}"
        page.write_string(len(sheet.rows) + 3, 0, note, formats["note"])
        page.freeze_panes(1, 1)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.repeat_rows(0)
    return stream.getvalue()


def _formats(book: Any, figures: Figures) -> dict[str, Any]:
    base = {"font_size": 10, "valign": "vcenter"}
    money = {
        name: "#,##0" + ("." + "0" * figures.decimals(name) if figures.decimals(name) else "")
        for name in ("money", "area")
    }
    looks = {**_FORMATS, **money, "text": "@"}
    made = {name: book.add_format({**base, "num_format": look}) for name, look in looks.items()}
    total = {"bold": True, "top": 1, "top_color": palette.INK}
    made |= {
        f"total-{name}": book.add_format({**base, **total, "num_format": look})
        for name, look in looks.items()
    }
    made["head"] = book.add_format(
        {**base, "bold": True, "bottom": 1, "text_wrap": True, "bg_color": palette.FIELD}
    )
    made["head-n"] = book.add_format(
        {**base, "bold": True, "bottom": 1, "text_wrap": True, "bg_color": palette.FIELD, "align": "right"}
    )
    made["note"] = book.add_format({"font_size": 9, "font_color": palette.INK3})
    return made


def _kind(column: Column) -> str:
    return column.kind if column.kind in NUMERIC or column.kind in ("day", "year") else "text"


def _head(page: Any, sheet: Sheet, words: Wording, formats: dict[str, Any]) -> None:
    for place, column in enumerate(sheet.columns):
        page.write_string(0, place, heading(column, words), formats["head-n" if column.numeric else "head"])


def _rows(page: Any, sheet: Sheet, words: Wording, figures: Figures, formats: dict[str, Any]) -> None:
    for place, column in enumerate(sheet.columns):
        widest = len(heading(column, words))
        look = formats[_kind(column)]
        for row, value in enumerate(sheet.rows[column.key], start=1):
            shown = number(column, value, figures)
            if column.kind == "stage" and shown is not None:
                shown = words(f"stage.{shown}")
            write_cell(page, row, place, shown, look)
            widest = max(widest, len(str(shown or "")))
        page.set_column(place, place, min(max(8, 1.6 * min(widest, 22)), WIDEST))


def write_cell(page: Any, row: int, column: int, value: Any, look: Any) -> None:
    """A number as a number, a day as a day, everything else as text that is never read as a formula."""
    if value is None:
        page.write_blank(row, column, None, look)
    elif isinstance(value, int | float):
        page.write_number(row, column, value, look)
    elif isinstance(value, date):
        page.write_datetime(row, column, value, look)
    else:
        page.write_string(row, column, str(value), look)


def _foot(page: Any, sheet: Sheet, words: Wording, figures: Figures, formats: dict[str, Any]) -> None:
    last = len(sheet.rows) + 1
    for place, column in enumerate(sheet.columns):
        look = formats[f"total-{_kind(column)}"]
        value: Any = number(column, sheet.totals[column.key], figures) if column.key in sheet.totals else None
        write_cell(
            page, last, place, f"{words('app.total')} {len(sheet.rows)}" if place == 0 else value, look
        )
