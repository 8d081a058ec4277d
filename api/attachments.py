"""Photos and documents: files named by what is in them, in a folder beside the store.

A file is whole, flushed and under its name before the row that tells of it is recorded: a crash in between
leaves a file that no row names, never a row without its file. Files are never changed and never removed by
the service, so that what the history tells of can be brought back. What is in them stays as it came, a
photograph's place and time included; only who may see the community or the dig gets them.
"""

import errno
import hashlib
import os
import re
import shutil
import zipfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import IO, Any

from anyio import to_thread
from fastapi import Request

from api.editing.bodies import refuse_long
from api.settings import Settings
from geo.errors import BadInput, StoreError, StoreUnsuitable
from geo.store.locations import is_database
from geo.store.opening import shown, store_path
from geo.store.protocol import Problem, Store

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
PICTURES = ("image/jpeg", "image/png", "image/webp")
SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "image/vnd.dwg": (".dwg",),
    "image/vnd.dxf": (".dxf",),
}
"""What is taken, by what the bytes are. No archives, no macros, nothing that a browser would run."""
OFFICE = {"xl/workbook.xml": list(SUFFIXES)[4], "word/document.xml": list(SUFFIXES)[5]}
DXF = re.compile(rb"AutoCAD Binary DXF|(?:\s*999\r?\n.*\r?\n)*\s*0\r?\n\s*SECTION")
HASH = re.compile(r"[0-9a-f]{64}")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
LONGEST_NAME = 200


@dataclass(frozen=True)
class Upload:
    """A file that has come in whole, under a passing name in the folder; ``keep`` gives it its last one."""

    path: Path
    sha256: str
    size_bytes: int
    media_type: str


def folder_of(settings: Settings) -> Path:
    """Where the files of the store are: ``district.files`` beside ``district.gpkg``, or where it is set.

    Raises ``StoreUnsuitable`` (``files_nowhere``) for a database without the setting.
    """
    return folder_at(settings.store, settings.files)


def folder_at(location: str, named: Path | None) -> Path:
    """Where the files of the store at ``location`` are; raises as ``folder_of`` does."""
    if named is not None:
        return named.expanduser()
    if is_database(location):
        raise StoreUnsuitable("files_nowhere", path=shown(location))
    return beside(store_path(location))


def beside(store: Path) -> Path:
    """The folder that goes with a GeoPackage."""
    return store.with_suffix(".files")


def place_of(folder: Path, sha256: str) -> Path:
    """Where the file of that hash is; ``ValueError`` for what is no hash, which is no path either."""
    if not HASH.fullmatch(sha256):
        raise ValueError(sha256)
    return folder / sha256[:2] / sha256


async def received(request: Request, folder: Path, limit: int) -> Upload:
    """Write a request's body to a new file in the folder, flushed to the disk, and see what it is.

    Raises ``BadInput`` (``body_too_large``, ``file_empty``, ``file_type``) and ``StoreError``
    (``store_full``, ``files_failed``); nothing stays then.
    """
    refuse_long(request, limit)
    file = await to_thread.run_sync(_opened, folder)
    try:
        upload = await _written(request.stream(), file, limit)
    except BaseException:
        await to_thread.run_sync(discard, Path(file.name))
        raise
    return upload


def _opened(folder: Path) -> Any:
    with translated(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return NamedTemporaryFile(dir=folder, prefix=".coming-", delete=False)


async def _written(stream: AsyncIterator[bytes], file: Any, limit: int) -> Upload:
    digest, size = hashlib.sha256(), 0
    async for part in stream:
        size += len(part)
        if size > limit:
            raise BadInput("body_too_large", limit_kb=limit // 1024)
        digest.update(part)
        await to_thread.run_sync(_append, file, part)
    await to_thread.run_sync(_flushed, file)
    if not size:
        raise BadInput("file_empty")
    path = Path(file.name)
    return Upload(path, digest.hexdigest(), size, await to_thread.run_sync(media_type_of, path))


def _append(file: IO[bytes], part: bytes) -> None:
    with translated(Path(file.name).parent):
        file.write(part)


def _flushed(file: IO[bytes]) -> None:
    with translated(Path(file.name).parent), file:
        file.flush()
        os.fsync(file.fileno())


def keep(upload: Upload, folder: Path) -> Path:
    """Give the file the name of its hash, for good; one that is there already, with its bytes, stays.

    Raises ``StoreError`` as ``received`` does.
    """
    place = place_of(folder, upload.sha256)
    with translated(folder):
        if not (place.is_file() and hash_of(place) == upload.sha256):
            place.parent.mkdir(exist_ok=True)
            upload.path.replace(place)
        for changed in (place.parent, folder, folder.parent):
            flush_folder(changed)
    return place


def discard(path: Path) -> None:
    """Remove a file that came in but was not kept."""
    with suppress(FileNotFoundError):
        path.unlink()


def flush_folder(folder: Path) -> None:
    """Have the names in a folder written to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def translated(folder: Path) -> Any:
    """The operating system's errors in the store's words."""
    try:
        yield
    except OSError as error:
        code = "store_full" if error.errno in FULL else "files_failed"
        raise StoreError(code, path=str(folder), problem=error.strerror or str(error)) from error


def media_type_of(path: Path) -> str:
    """What a file is by its bytes; ``BadInput`` (``file_type``) for anything that is not taken."""
    with path.open("rb") as file:
        head = file.read(2048)
    found = _by_head(head) or (_office(path) if head.startswith(b"PK\x03\x04") else None)
    if found is None:
        raise BadInput("file_type", known=", ".join(end for ends in SUFFIXES.values() for end in ends))
    return found


def _by_head(head: bytes) -> str | None:
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if re.match(rb"AC10\d\d", head):
        return "image/vnd.dwg"
    if DXF.match(head):
        return "image/vnd.dxf"
    return None


def _office(path: Path) -> str | None:
    """The kind of an Office document without macros; ``None`` for any other archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError):
        # What cannot be opened is no Office document: the caller refuses it by name, as any unknown kind.
        return None
    if "[Content_Types].xml" not in names or any(name.lower().endswith("vbaproject.bin") for name in names):
        return None
    return next((kind for name, kind in OFFICE.items() if name in names), None)


def clean_name(name: str, media_type: str) -> str:
    """A file's name as it may be shown and saved: no folders, nothing unprintable, the suffix of its type."""
    last = PurePosixPath(UNPRINTABLE.sub("", name).replace("\\", "/")).name.strip(" .")
    ends = SUFFIXES[media_type]
    stem = last if last.lower().endswith(ends) else f"{last}{ends[0]}"
    whole, dot, end = stem.rpartition(".")
    return f"{whole[: LONGEST_NAME - len(end) - 1]}{dot}{end}"


def hash_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unsound(folder: Path, rows: Iterable[tuple[str, str]]) -> list[Problem]:
    """What is wrong with the files of ``rows``, (id, sha256) each: ``file_missing`` or ``file_changed``."""
    problems, known = [], dict[str, str]()
    for row, sha256 in rows:
        if sha256 not in known:
            known[sha256] = _state(folder, sha256)
        if known[sha256]:
            problems.append(Problem(0, known[sha256], "files", row, sha256))
    return problems


def state_of(place: Path, size_bytes: int) -> str:
    """Whether a file is there in its size: ``file_missing``, ``file_changed`` or nothing."""
    if not place.is_file():
        return "file_missing"
    return "" if place.stat().st_size == size_bytes else "file_changed"


def _state(folder: Path, sha256: str) -> str:
    try:
        place = place_of(folder, sha256)
        return "" if hash_of(place) == sha256 else "file_changed"
    except (ValueError, FileNotFoundError, NotADirectoryError):
        return "file_missing"


def lost_files(store: Store, settings: Settings) -> list[Problem]:
    """What is wrong with the files that the rows of a store name; raises as ``folder_of`` does."""
    rows = store.read("files")
    if rows.empty:
        return []
    return unsound(folder_of(settings), zip(rows["id"], rows["sha256"], strict=True))


def copy_files(source: Path, target: Path) -> int:
    """Copy all files of a folder into another, each checked as it is written; how many there are.

    Raises ``StoreError`` (``file_changed``), when all others are copied, for one that is not what it was.
    """
    found = (
        sorted(path for path in source.glob("*/*") if HASH.fullmatch(path.name)) if source.is_dir() else []
    )
    changed = [path for path in found if not _copied(path, place_of(target, path.name))]
    if changed:
        raise StoreError("file_changed", path=str(source), file=changed[0].name)
    return len(found)


def _copied(source: Path, place: Path) -> bool:
    """Copy one file unless it is there; false where its bytes are not those of its name."""
    with translated(place.parent):
        if place.is_file() and hash_of(place) == place.name:
            return True
        place.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=place.parent, prefix=".coming-", delete=False) as file:
            with source.open("rb") as old:
                shutil.copyfileobj(old, file)
            file.flush()
            os.fsync(file.fileno())
        whole = hash_of(Path(file.name)) == place.name
        if whole:
            Path(file.name).replace(place)
        discard(Path(file.name))
        flush_folder(place.parent)
        flush_folder(place.parent.parent)
    return whole
