"""Which encoding the text of a file is in: what it says, held against what its bytes can be."""

import codecs
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from geo.errors import UnreadableFile

UTF8, GB18030 = "UTF-8", "GB18030"

_SAMPLE_RECORDS = 20_000
_SAMPLE_BYTES = 4_000_000
_CHINESE = ("gbk", "gb2312", "gb18030", "cp936")
_LANGUAGE_BYTES = {0x4D: GB18030, 0x7A: GB18030, 0x4F: "CP950", 0x78: "CP950", 0x13: "CP932", 0x7B: "CP932"}
_CODE_PAGES = {
    "936": GB18030,
    "gbk": GB18030,
    "gb2312": GB18030,
    "gb18030": GB18030,
    "65001": UTF8,
    "utf8": UTF8,
}


@dataclass(frozen=True)
class TextEncoding:
    """An encoding and ``why``: given, bom, cpg, language_byte, detected, ascii; ``declared`` where
    overridden."""

    name: str
    why: str
    declared: str = ""


@dataclass(frozen=True)
class DbfField:
    """One field of a DBF: name as bytes, type letter, where it starts in a record, its width."""

    name: bytes
    kind: str
    offset: int
    width: int


@dataclass(frozen=True)
class DbfHeader:
    """The head of a DBF: record count, bytes of head and record, language byte, fields."""

    records: int
    head_bytes: int
    record_bytes: int
    language: int
    fields: tuple[DbfField, ...]


def dbf_encoding(dbf: Path, given: str | None = None) -> TextEncoding:
    """The encoding of a DBF: the one that is given, else .cpg, else the language byte, else found in its
    bytes.

    What the file declares is overridden where its text cannot be in it. Raises ``UnreadableFile``.
    """
    header = read_dbf_header(dbf)
    texts = _dbf_texts(dbf, header)
    if given:
        return _held(TextEncoding(codec_name(given), "given"), texts, dbf)
    cpg = _cpg(dbf)
    if cpg:
        return _declared(cpg, "cpg", texts)
    if header.language in _LANGUAGE_BYTES:
        return _declared(_LANGUAGE_BYTES[header.language], "language_byte", texts)
    return detect(texts)


def text_encoding(path: Path, given: str | None = None) -> TextEncoding:
    """The encoding of a text file: given, byte order mark, else strict UTF-8, else GB18030. Raises
    ``UnreadableFile``."""
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE_BYTES)
    if given:
        return _held(TextEncoding(codec_name(given), "given"), [head], path)
    for mark, name in (
        (codecs.BOM_UTF8, "UTF-8-SIG"),
        (codecs.BOM_UTF16_LE, "UTF-16"),
        (codecs.BOM_UTF16_BE, "UTF-16"),
    ):
        if head.startswith(mark):
            return TextEncoding(name, "bom")
    wide = _without_mark(head)
    if wide:
        return TextEncoding(wide, "detected")
    found = detect([head])
    if not decodes([head], found.name):
        raise UnreadableFile("encoding_unknown", path=path.name)
    return found


def detect(texts: Sequence[bytes]) -> TextEncoding:
    """UTF-8 where every byte string is strictly that, else GB18030, else Windows-1252."""
    if all(text.isascii() for text in texts):
        return TextEncoding(UTF8, "ascii")
    for name in (UTF8, GB18030):
        if decodes(texts, name):
            return TextEncoding(name, "detected")
    return TextEncoding("CP1252", "detected")


def decodes(texts: Iterable[bytes], name: str) -> bool:
    """Whether every byte string is text in that encoding; a character cut off at the end is let pass."""
    try:
        for text in texts:
            codecs.getincrementaldecoder(name)().decode(text, False)
    except UnicodeDecodeError:
        return False
    return True


def codec_name(name: str) -> str:
    """A name that both Python and GDAL know. Raises ``UnreadableFile`` for one that neither knows."""
    bare = (
        name.strip().lower().replace("-", "").replace("_", "").replace("cp", "").replace("ansi", "").strip()
    )
    if bare in _CODE_PAGES:
        return _CODE_PAGES[bare]
    for candidate in (name.strip(), f"cp{bare}"):
        try:
            return codecs.lookup(candidate).name.upper()
        except LookupError:
            continue
    raise UnreadableFile("encoding_unsupported", encoding=name)


def read_dbf_header(dbf: Path) -> DbfHeader:
    """Read the head of a DBF file. Raises ``UnreadableFile``."""
    try:
        with dbf.open("rb") as stream:
            head = stream.read(32)
            _, _, _, _, records, head_bytes, record_bytes = struct.unpack("<BBBBIHH", head[:12])
            rest = stream.read(max(0, head_bytes - 32))
    except (OSError, struct.error) as error:
        raise UnreadableFile(path=dbf.name, problem=str(error)) from error
    fields: list[DbfField] = []
    offset = 1
    for start in range(0, len(rest) - 31, 32):
        entry = rest[start : start + 32]
        if entry[0] in (0x0D, 0x00):
            break
        fields.append(DbfField(entry[:11].split(b"\0")[0], chr(entry[11]), offset, entry[16]))
        offset += entry[16]
    if record_bytes < 1 or not fields:
        raise UnreadableFile(path=dbf.name, problem="not a DBF table")
    return DbfHeader(records, head_bytes, record_bytes, head[29], tuple(fields))


def _dbf_texts(dbf: Path, header: DbfHeader) -> list[bytes]:
    """Field names and the distinct texts of a sample of records spread over the file."""
    texts = {field.name for field in header.fields}
    present = max(0, (dbf.stat().st_size - header.head_bytes) // header.record_bytes)
    count = min(header.records, present)
    if count:
        table: npt.NDArray[np.uint8] = np.memmap(
            dbf, dtype=np.uint8, mode="r", offset=header.head_bytes, shape=(count, header.record_bytes)
        )
        sample = np.ascontiguousarray(table[:: max(1, count // _SAMPLE_RECORDS)])
        for field in header.fields:
            if field.kind == "C":
                cells = np.ascontiguousarray(sample[:, field.offset : field.offset + field.width])
                values = np.unique(cells[(cells > 127).any(axis=1)].view(f"S{field.width}"))
                texts.update(bytes(value).rstrip(b" \0") for value in values)
    return [text for text in texts if text]


def _cpg(dbf: Path) -> str:
    for place in islice((p for p in dbf.parent.iterdir() if p.suffix.lower() == ".cpg"), 1000):
        if place.stem.lower() == dbf.stem.lower():
            return place.read_bytes()[:64].decode("ascii", errors="ignore").strip().strip("\0")
    return ""


def _declared(declared: str, why: str, texts: Sequence[bytes]) -> TextEncoding:
    """The declared encoding where the text can be in it, else the detected one with ``declared`` set."""
    found = detect(texts)
    try:
        name = codec_name(declared)
    except UnreadableFile:
        return TextEncoding(found.name, "detected", declared)
    if found.why == "ascii":
        return TextEncoding(name, why)
    wide = sum(not text.isascii() for text in texts)
    chinese_but_utf8 = name.lower() in _CHINESE and found.name == UTF8 and wide >= 3
    single_byte = codecs.lookup(name).name.startswith(
        ("iso8859", "latin", "ascii", "cp125", "cp437", "cp850")
    )
    if not decodes(texts, name) or chinese_but_utf8 or (single_byte and _looks_chinese(texts, found.name)):
        return TextEncoding(found.name, "detected", declared)
    return TextEncoding(name, why)


def _looks_chinese(texts: Sequence[bytes], name: str) -> bool:
    """Whether most of what is not ASCII reads as Chinese characters in that encoding."""
    if name not in (UTF8, GB18030):
        return False
    text = "".join(codecs.getincrementaldecoder(name)().decode(part, False) for part in texts)
    wide = [letter for letter in text if ord(letter) > 127]
    return sum("\u4e00" <= letter <= "\u9fff" or "\u3000" <= letter <= "\u303f" for letter in wide) * 2 > len(
        wide
    )


def _held(encoding: TextEncoding, texts: Sequence[bytes], path: Path) -> TextEncoding:
    if not decodes(texts, encoding.name):
        raise UnreadableFile("encoding_wrong", path=path.name, encoding=encoding.name)
    return encoding


def _without_mark(head: bytes) -> str:
    """UTF-16 that carries no byte order mark: every other byte of its ASCII is zero."""
    if len(head) < 4 or b"\0" not in head:
        return ""
    even, odd = head[0:2000:2].count(0), head[1:2000:2].count(0)
    return "UTF-16-LE" if odd > even * 4 else "UTF-16-BE" if even > odd * 4 else ""
