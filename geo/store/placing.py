"""Giving a finished file its name: the whole of it appears at once or not at all."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geo.errors import StoreExists
from geo.store.places import COMPANIONS


def refuse_taken(path: Path) -> None:
    """Raise ``StoreExists`` where a store's file, or what belongs to one, is there already."""
    for taken in (path, *map(Path, (f"{path}{end}" for end in COMPANIONS))):
        if taken.exists():
            raise StoreExists(path=str(taken))


@contextmanager
def placing(path: Path) -> Iterator[Path]:
    """The name of a file to be written; when the block ends well it is at ``path``, else nothing is left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        fresh = Path(folder) / path.name
        yield fresh
        put_in_place(fresh, path)


def put_in_place(fresh: Path, path: Path) -> None:
    """Give a finished file its name, in one step; ``StoreExists`` if the name was taken meanwhile."""
    try:
        path.hardlink_to(fresh)
    except FileExistsError as error:
        raise StoreExists(path=str(path)) from error
    except OSError:
        if path.exists():
            raise StoreExists(path=str(path)) from None
        fresh.rename(path)
