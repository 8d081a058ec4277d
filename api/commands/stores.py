"""Making a store and verifying one."""

from collections.abc import Mapping

import pandas as pd

from api.commands.saying import progress, say, say_error, say_json
from api.settings import Settings
from api.wiring import DataFolder, is_sample, now, open_services, read_data
from geo.boundaries import read_boundaries
from geo.errors import BadDistrict
from geo.layers import LAYERS
from geo.sample.district import build_sample
from geo.store.canonical import verify_chain
from geo.store.opening import create_store, open_store, store_path
from geo.store.record import Change, record
from maps.wording import wording


def make_store(settings: Settings, *, sample: bool, if_missing: bool, as_json: bool) -> int:
    """Make a store with the district's outlines or the whole sample; ``if_missing`` leaves one alone."""
    words = wording(settings.lang)
    path = store_path(settings.store)
    if if_missing and path.exists():
        with open_store(settings.store) as store:
            found = {
                "store": str(path),
                "made": False,
                "revision": store.revision(),
                "sample": is_sample(store.meta()),
            }
        if as_json:
            say_json(found)
        return 0
    data = read_data(settings.data)
    frames = _frames(data, sample)
    revision = _fill(settings, data, frames, sample)
    counts = {name: len(frame) for name, frame in frames.items()}
    if as_json:
        say_json({"store": str(path), "made": True, "revision": revision, "sample": sample, "rows": counts})
    else:
        key = "cli.init.sample" if sample else "cli.init.empty"
        say(
            words(
                key,
                store=path,
                communities=counts.get("communities", 0),
                buildings=counts.get("buildings", 0),
            )
        )
    return 0


def _frames(data: DataFolder, sample: bool) -> Mapping[str, pd.DataFrame]:
    boundaries = read_boundaries(data.path / "boundaries", data.district)
    if not sample:
        return {"boundaries": boundaries}
    if data.district.sample is None:
        raise BadDistrict("no_sample", district=data.district.code)
    return build_sample(data.district, data.catalogue, boundaries, committees=data.committees)


def _fill(settings: Settings, data: DataFolder, frames: Mapping[str, pd.DataFrame], sample: bool) -> int:
    """The revision of the new store; where the record fails there is no store."""
    as_of = data.district.sample.as_of if sample and data.district.sample else None
    words = wording(settings.lang)
    changes = [Change(name, add=frames[name]) for name in LAYERS if name in frames and len(frames[name])]
    store = create_store(settings.store, data.district, sample=sample, as_of=as_of)
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
    except BaseException:
        store.close()
        store_path(settings.store).unlink(missing_ok=True)
        raise
    store.close()
    return recorded.revision


def verify_store(settings: Settings, *, as_json: bool) -> int:
    """Whether the history is the one that was recorded."""
    words = wording(settings.lang)
    services = open_services(settings)
    try:
        problems = verify_chain(services.store)
        revision = services.store.revision()
    finally:
        services.close()
    if as_json:
        say_json(
            {"ok": not problems, "revision": revision, "problems": [vars(problem) for problem in problems]}
        )
    elif problems:
        say_error(words("cli.verify.broken", seq=problems[0].seq, count=len(problems)))
    else:
        say(words("cli.verify.whole", revision=revision))
    return 1 if problems else 0
