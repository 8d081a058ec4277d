"""Zip files from outside: what is in them, within limits, without leaving the folder they are given."""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from geo.errors import UnreadableFile

LARGEST_BYTES = 2_000_000_000
LARGEST_RATIO = 200
RATIO_FREE_BYTES = 20_000_000
MOST_MEMBERS = 20_000

READABLE = (".shp", ".gpkg", ".geojson", ".json", ".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".dbf")
_WITH_SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx")
_CLUTTER = ("__macosx", ".ds_store", "thumbs.db")


def check_archive(path: Path) -> None:
    """Raise ``UnreadableFile`` where a zip is damaged, encrypted, or unpacks to more than the limits."""
    with _opened(path) as archive:
        _check_members(archive, path)


@contextmanager
def unpacked(path: Path) -> Iterator[list[Path]]:
    """The readable data files of a zip, unpacked into a folder that goes away afterwards.

    Shapefiles bring their companions along. Names that were written in GBK without saying so are read as
    GBK. Raises ``UnreadableFile``, also for a name that leads outside.
    """
    with _opened(path) as archive, TemporaryDirectory(prefix="tongchou-") as folder:
        _check_members(archive, path)
        members = [member for member in archive.infolist() if _wanted(member)]
        places = [_unpack(archive, member, Path(folder), path) for member in members]
        chosen = [
            place for place in places if place.suffix.lower() in READABLE and not _companion(place, places)
        ]
        if not chosen:
            raise UnreadableFile("nothing_in_archive", path=path.name, known=", ".join(READABLE))
        yield sorted(chosen)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError as error:
        raise UnreadableFile(path=path.name, problem="not found") from error
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
        raise UnreadableFile(path=path.name, problem=str(error)) from error


def _check_members(archive: zipfile.ZipFile, path: Path) -> None:
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    packed = max(1, sum(member.compress_size for member in members))
    too_many = len(members) > MOST_MEMBERS
    if too_many or total > LARGEST_BYTES or (total > RATIO_FREE_BYTES and total / packed > LARGEST_RATIO):
        raise UnreadableFile(
            "archive_too_large", path=path.name, members=len(members), megabytes=round(total / 1e6)
        )
    if any(member.flag_bits & 1 for member in members):
        raise UnreadableFile("archive_encrypted", path=path.name)


def _wanted(member: zipfile.ZipInfo) -> bool:
    name = member.filename.lower()
    suffix = PurePosixPath(name).suffix
    clutter = any(part in _CLUTTER or part.startswith("._") for part in PurePosixPath(name).parts)
    return not member.is_dir() and not clutter and suffix in (*READABLE, *_WITH_SHAPEFILE)


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, path: Path) -> Path:
    name = PurePosixPath(member_name(member).replace("\\", "/"))
    parts = [part for part in name.parts if part not in ("/", ".") and ":" not in part]
    if not parts or ".." in parts:
        raise UnreadableFile("archive_unsafe", path=path.name, member=member.filename)
    place = folder.joinpath(*parts)
    place.parent.mkdir(parents=True, exist_ok=True)
    left = member.file_size
    with archive.open(member) as packed, place.open("wb") as target:
        while piece := packed.read(1 << 20):
            left -= len(piece)
            if left < 0:
                raise UnreadableFile("archive_unsafe", path=path.name, member=member.filename)
            target.write(piece)
    return place


def member_name(member: zipfile.ZipInfo) -> str:
    """A member's name; one that does not say it is UTF-8 is tried as UTF-8, then as GB18030."""
    if member.flag_bits & 0x800:
        return member.filename
    raw = member.orig_filename.encode("cp437", errors="replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename


def _companion(place: Path, places: Sequence[Path]) -> bool:
    """A .dbf that belongs to a .shp of the same name."""
    if place.suffix.lower() != ".dbf":
        return False
    beside = {
        other.stem.lower()
        for other in places
        if other.suffix.lower() == ".shp" and other.parent == place.parent
    }
    return place.stem.lower() in beside
