"""The catalogue of works: what a renovation can consist of, as data."""

import csv
from dataclasses import dataclass
from pathlib import Path

from geo.errors import DuplicateId, UnreadableFile
from geo.vocabulary import WorkPart

_COLUMNS = ("code", "part", "class", "zh", "en", "short_zh", "unit", "words_zh")


@dataclass(frozen=True)
class WorkKind:
    """One entry: ``unit`` is m, m2 or count; ``words_zh`` are the words by which ledgers name it."""

    code: str
    part: WorkPart
    works_class: str
    zh: str
    en: str
    short_zh: str
    unit: str
    words_zh: tuple[str, ...]


def read_catalogue(path: Path) -> tuple[WorkKind, ...]:
    """Entries in the order of the file (UTF-8 CSV).

    Raises ``UnreadableFile`` for a missing file or column, an empty code or an unknown part, and
    ``DuplicateId`` for a code that stands twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise UnreadableFile(path=str(path), problem=f"no column {', '.join(missing)}")
            entries = tuple(_entry(row) for row in reader)
    except FileNotFoundError as error:
        raise UnreadableFile(path=str(path), problem="not found") from error
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise UnreadableFile(path=str(path), problem=str(error)) from error
    _check_codes(entries, path)
    return entries


def _entry(row: dict[str, str]) -> WorkKind:
    texts = {name: (row[name] or "").strip() for name in _COLUMNS}
    if not texts["code"]:
        raise ValueError("entry without code")
    words = tuple(word.strip() for word in texts["words_zh"].split(";") if word.strip())
    return WorkKind(
        code=texts["code"],
        part=WorkPart(texts["part"]),
        works_class=texts["class"],
        zh=texts["zh"],
        en=texts["en"],
        short_zh=texts["short_zh"],
        unit=texts["unit"],
        words_zh=words,
    )


def _check_codes(entries: tuple[WorkKind, ...], path: Path) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.code in seen:
            raise DuplicateId(path=str(path), id=entry.code)
        seen.add(entry.code)
