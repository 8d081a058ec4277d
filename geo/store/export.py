"""Copies of a live store as they are, made by the store itself."""

from pathlib import Path

from geo.errors import StoreExists
from geo.store.placing import placing
from geo.store.protocol import Store


def copy_store(store: Store, path: Path) -> None:
    """Write the store as it is now to a new GeoPackage at ``path``; ``StoreExists`` where there is something.

    The copy is an ordinary closed file, whole, without ``-wal``; the store may be written meanwhile.
    """
    if path.exists():
        raise StoreExists(path=str(path))
    with placing(path) as fresh:
        store.backup(fresh)
