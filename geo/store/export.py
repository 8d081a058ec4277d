"""Copies of a live store, made by SQLite itself."""

import tempfile
from pathlib import Path

from geo.errors import StoreExists
from geo.store.opening import put_in_place
from geo.store.protocol import Store


def copy_store(store: Store, path: Path) -> None:
    """Write the store as it is now to a new file at ``path``; ``StoreExists`` where there is something.

    The copy is an ordinary closed file, whole, without ``-wal``; the store may be written meanwhile.
    """
    if path.exists():
        raise StoreExists(path=str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        fresh = Path(folder) / path.name
        store.backup(fresh)
        put_in_place(fresh, path)
