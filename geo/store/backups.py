"""Backups, restoring, and a district that moves between the two kinds of store, history and all."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from geo.errors import StoreExists, StoreMissing, StoreUnsuitable
from geo.store.gpkg import GeoPackageStore
from geo.store.history import pour
from geo.store.locations import is_database
from geo.store.opening import filling, open_store, shown, store_path
from geo.store.places import refuse_network_drive
from geo.store.placing import placing, refuse_taken
from geo.store.protocol import Problem, Store
from geo.store.sqlite import copy_file
from geo.store.verifying import problems, verify


@dataclass(frozen=True)
class Copied:
    """What the copy holds: its revision and the number and hash of its last event."""

    revision: int
    seq: int
    hash: str


def backup(store: Store, path: Path) -> Copied:
    """Write the store as it is now to a new GeoPackage at ``path``, and verify that; writers go on.

    Raises ``StoreExists`` where there is something, ``StoreUnsuitable`` (``copy_broken``) where what was
    copied is not whole: then there is no file.
    """
    if path.exists():
        raise StoreExists(path=str(path))
    with placing(path) as fresh:
        store.backup(fresh)
        return _verified(fresh, path)


def restore(path: Path, location: str) -> Copied:
    """Put the store of a backup at ``location``, where there must be none, and verify it first.

    The backup may be of an older schema; it stays as it is. Raises ``StoreMissing``, ``StoreExists``,
    ``StoreUnsuitable`` (``copy_broken`` and what ``open_store`` raises).
    """
    if not path.exists():
        raise StoreMissing(path=str(path))
    if is_database(location):
        return copy_history(str(path), location)
    target = store_path(location)
    refuse_network_drive(target)
    refuse_taken(target)
    with placing(target) as fresh:
        copy_file(path, fresh)
        return _verified(fresh, path)


def copy_history(source: str, target: str) -> Copied:
    """Move a copy of the store at ``source`` to ``target``, where there must be none, with its whole history.

    The chain is the same, byte for byte, and verified before the new store is kept; else there is none.
    Raises what ``open_store`` and ``create_store`` raise, and ``StoreUnsuitable`` (``copy_broken``).
    """
    with open_store(source) as store, store.view() as view:
        with filling(target, view.meta()) as writing:
            head = pour(view, writing)
            _refuse_broken(problems(writing), shown(source))
            if writing.head() != head or writing.revision() != view.revision():
                raise StoreUnsuitable("copy_broken", path=shown(source), problem="head")
        return Copied(view.revision(), *head)


def _verified(fresh: Path, path: Path) -> Copied:
    with GeoPackageStore(fresh) as copy:
        _refuse_broken(verify(copy), str(path))
        with copy.view() as view:
            return Copied(view.revision(), *view.head())


def _refuse_broken(found: Iterable[Problem], path: str) -> None:
    for problem in islice(found, 1):
        where = " ".join(part for part in (problem.layer, problem.row, problem.detail) if part)
        raise StoreUnsuitable("copy_broken", path=path, problem=f"{problem.code} {problem.seq or ''} {where}")
