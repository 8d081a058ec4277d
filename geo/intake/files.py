"""From a path to tables: folders, zips, spatial files, CSV and workbooks alike."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from geo.errors import BadInput, UnreadableFile
from geo.intake.archives import READABLE, unpacked
from geo.intake.read import GEOPACKAGE, format_of, read_features, sublayers
from geo.intake.sheets import read_csv, read_workbook
from geo.intake.table import Table

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")


@dataclass(frozen=True)
class Reading:
    """How files are to be read: the layer they are for, a sublayer or sheet, an encoding, with or without
    fence."""

    layer: str | None = None
    sublayer: str | None = None
    encoding: str | None = None
    fenced: bool = True


def refuse_store(paths: Sequence[Path], store: Path | None) -> None:
    """Raise ``UnreadableFile`` where a file to import is the store itself or one of its companions."""
    if store is None:
        return
    own = {Path(f"{store}{tail}") for tail in ("", "-wal", "-shm", "-journal")}
    for path in paths:
        if any(path.exists() and place.exists() and path.samefile(place) for place in own):
            raise UnreadableFile("is_the_store", path=path.name)


@contextmanager
def data_files(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """The single data files behind paths: zips unpacked, folders looked through. Raises
    ``UnreadableFile``."""
    with ExitStack() as stack:
        found: list[Path] = []
        for path in paths:
            if str(path).startswith("/vsi") or ":/" in str(path).replace(":\\", ":/")[2:]:
                raise UnreadableFile("not_a_local_file", path=str(path))
            if path.is_dir():
                found.extend(_in_folder(path))
            elif path.suffix.lower() == ".zip":
                found.extend(stack.enter_context(unpacked(path)))
            elif path.is_file():
                found.append(_main_part(path))
            else:
                raise UnreadableFile(path=str(path), problem="not found")
        yield list(dict.fromkeys(found))


def read_tables(
    paths: Sequence[Path], reading: Reading, on_progress: Callable[[str, int, int], None]
) -> list[Table]:
    """Every table in the files, as it stands. Raises ``UnreadableFile`` for a format that is not read."""
    tables: list[Table] = []
    with data_files(paths) as files:
        for place, path in enumerate(files):
            on_progress("read", place, len(files))
            tables.extend(tables_of(path, reading))
        on_progress("read", len(files), len(files))
    if reading.sublayer and not tables:
        raise BadInput(
            "no_such_sublayer", sublayer=reading.sublayer, file=", ".join(path.name for path in paths)
        )
    return tables


def tables_of(path: Path, reading: Reading) -> list[Table]:
    """The tables of one file."""
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv", ".txt"):
        return [read_csv(path, encoding=reading.encoding, layer=reading.layer)]
    if suffix in (".xlsx", ".xlsm"):
        return read_workbook(path, layer=reading.layer, sheet=reading.sublayer)
    if suffix == ".xls":
        raise UnreadableFile("old_excel", path=path.name)
    if format_of(path) is None:
        raise UnreadableFile("format_unknown", path=path.name, known=", ".join((*READABLE, ".zip")))
    return [
        read_features(path, sublayer=name, encoding=reading.encoding, fenced=reading.fenced)
        for name in _sublayers_wanted(path, reading)
    ]


def _sublayers_wanted(path: Path, reading: Reading) -> list[str | None]:
    """Which layers of a file to read: the named one; in a GeoPackage the one called as the contract, else
    all."""
    if format_of(path) != GEOPACKAGE:
        return [None]
    names = [each.name for each in sublayers(path, fenced=reading.fenced) if each.name != "layer_styles"]
    if reading.sublayer is not None:
        if reading.sublayer not in names:
            raise BadInput(
                "no_such_sublayer", sublayer=reading.sublayer, file=path.name, known=", ".join(names)
            )
        return [reading.sublayer]
    own = [name for name in names if name == reading.layer or (reading.layer == "lines" and name == "nodes")]
    return list(own or names)


def _in_folder(folder: Path) -> list[Path]:
    shapefiles = sorted(
        path for path in folder.rglob("*") if path.suffix.lower() == ".shp" and path.is_file()
    )
    if shapefiles:
        return shapefiles
    others = sorted(path for path in folder.rglob("*") if path.suffix.lower() in READABLE and path.is_file())
    if not others:
        raise UnreadableFile("nothing_in_folder", path=str(folder), known=", ".join(READABLE))
    return others


def _main_part(path: Path) -> Path:
    """The .shp where a companion of it was named; a .dbf with no .shp beside it is a table."""
    if path.suffix.lower() in (".shx", ".prj", ".cpg", ".dbf"):
        for beside in path.parent.iterdir():
            if beside.suffix.lower() == ".shp" and beside.stem.lower() == path.stem.lower():
                return beside
    return path
