"""Making a store and verifying one."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from api.accounts.database import accounts_location, migrate_accounts
from api.attachments import copy_files, folder_at, lost_files
from api.commands.saying import progress, say, say_error, say_json
from api.settings import Settings
from api.wiring import DataFolder, now, open_services, read_data
from geo.boundaries import read_boundaries
from geo.errors import BadDistrict, StoreMissing
from geo.layers import LAYERS
from geo.sample.district import build_sample
from geo.store.backups import Copied, backup, copy_history, restore
from geo.store.locations import is_database
from geo.store.opening import create_store, migrate, open_store, put_in_place, refuse_taken, shown, store_path
from geo.store.record import Change, record
from geo.store.tables import SCHEMA_VERSION
from geo.store.verifying import verify
from maps.wording import wording

Frames = Mapping[str, pd.DataFrame]


def make_store(settings: Settings, *, sample: bool, if_missing: bool, as_json: bool) -> int:
    """Make a store with the district's outlines or the whole sample; ``if_missing`` leaves one alone."""
    words = wording(settings.lang)
    if if_missing and _is_there(settings.store):
        if as_json:
            say_json({"store": shown(settings.store), "made": False})
        return 0
    if not is_database(settings.store):
        refuse_taken(store_path(settings.store))
    data = read_data(settings.data)
    frames = _frames(data, sample)
    revision = _make(settings, data, frames, sample)
    counts = {name: len(frame) for name, frame in frames.items()}
    if as_json:
        told = {"store": shown(settings.store), "made": True, "revision": revision, "sample": sample}
        say_json(told | {"rows": counts})
    else:
        key = "cli.init.sample" if sample else "cli.init.empty"
        figures = {name: counts.get(name, 0) for name in ("communities", "buildings")}
        say(words(key, store=shown(settings.store), **figures))
    return 0


def _is_there(location: str) -> bool:
    try:
        open_store(location).close()
    except StoreMissing:
        return False
    return True


def _frames(data: DataFolder, sample: bool) -> Frames:
    boundaries = read_boundaries(data.path / "boundaries", data.district)
    if not sample:
        return {"boundaries": boundaries}
    if data.district.sample is None:
        raise BadDistrict("no_sample", district=data.district.code)
    return build_sample(data.district, data.catalogue, boundaries, committees=data.committees)


def _make(settings: Settings, data: DataFolder, frames: Frames, sample: bool) -> int:
    """The revision of the new store; a file has its name only when everything is in it."""
    if is_database(settings.store):
        return _fill(settings.store, settings, data, frames, sample)
    path = store_path(settings.store)
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        fresh = Path(folder) / path.name
        revision = _fill(str(fresh), settings, data, frames, sample)
        put_in_place(fresh, path)
    return revision


def _fill(location: str, settings: Settings, data: DataFolder, frames: Frames, sample: bool) -> int:
    as_of = data.district.sample.as_of if sample and data.district.sample else None
    words = wording(settings.lang)
    changes = [Change(name, add=frames[name]) for name in LAYERS if name in frames and len(frames[name])]
    store = create_store(location, data.district, sample=sample, as_of=as_of)
    try:
        with progress(words) as steps:
            recorded = record(
                store,
                changes,
                actor=settings.actor,
                at=now(),
                origin="sample" if sample else "init",
                summary=words("cli.init.summary"),
                on_progress=lambda done, total: steps("record", done, total),
            )
    finally:
        store.close()
    return recorded.revision


def verify_store(settings: Settings, *, as_json: bool) -> int:
    """Whether the store is what its history says: the chain, the rows it leads to, and the file itself."""
    words = wording(settings.lang)
    services = open_services(settings)
    try:
        problems = [*verify(services.store), *lost_files(services.store, settings)]
        revision = services.store.revision()
    finally:
        services.close()
    if as_json:
        say_json(
            {"ok": not problems, "revision": revision, "problems": [vars(problem) for problem in problems]}
        )
    elif problems:
        first = problems[0]
        place = " ".join(part for part in (first.layer, first.row, first.detail) if part)
        say_error(
            words("cli.verify.broken", seq=first.seq, code=first.code, place=place, count=len(problems))
        )
    else:
        say(words("cli.verify.whole", revision=revision))
    return 1 if problems else 0


def backup_store(settings: Settings, out: Path, *, as_json: bool) -> int:
    """Write the store as it is now to a new GeoPackage and verify that; the service may go on."""
    services = open_services(settings)
    try:
        copied = backup(services.store, out)
    finally:
        services.close()
    _files_too(settings.store, str(out), settings)
    return _told(settings, "cli.backup.made", out, copied, as_json=as_json)


def restore_store(settings: Settings, source: Path, *, as_json: bool) -> int:
    """Put a backup where there is no store yet, verified before it gets its name."""
    _files_too(str(source), settings.store, settings)
    copied = restore(source, settings.store)
    return _told(settings, "cli.restore.made", shown(settings.store), copied, as_json=as_json)


def copy_stores(settings: Settings, source: str, target: str, *, as_json: bool) -> int:
    """Put a copy of a store, with its whole history, where there is none yet, verified before it is kept."""
    _files_too(source, target, settings)
    copied = copy_history(source, target)
    return _told(settings, "cli.copy.made", shown(target), copied, as_json=as_json)


def _files_too(source: str, target: str, settings: Settings) -> None:
    """Copy the photos and documents of one store to where those of another are, each checked.

    The setting is for the service's own store and for a database; beside any other GeoPackage lies its own.
    """
    places = [
        settings.files if place == settings.store or is_database(place) else None
        for place in (source, target)
    ]
    if is_database(source) and settings.files is None:
        return
    folder = folder_at(source, places[0])
    if folder.is_dir() and folder != places[1]:
        copy_files(folder, folder_at(target, places[1]))


def migrate_store(settings: Settings, service: str | None, *, as_json: bool) -> int:
    """Bring a store's schema to this program's version; ``service`` is the role that the service runs as."""
    migrate(settings.store, read_data(settings.data).district, service=service)
    migrate_accounts(accounts_location(settings.store, settings.accounts), service)
    if as_json:
        say_json({"store": shown(settings.store), "schema_version": SCHEMA_VERSION})
    else:
        say(wording(settings.lang)("cli.migrate.made", store=shown(settings.store), version=SCHEMA_VERSION))
    return 0


def _told(settings: Settings, key: str, place: Path | str, copied: Copied, *, as_json: bool) -> int:
    if as_json:
        say_json({"file": str(place), **vars(copied)})
    else:
        say(wording(settings.lang)(key, file=place, revision=copied.revision, seq=copied.seq))
    return 0
