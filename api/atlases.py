"""The atlases that are kept: the present one, a few days that have passed, and what audiences see of them."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Generic, TypeVar

import pandas as pd

from geo.audience import INTERNAL, Audience
from geo.district import District
from geo.programme.catalogue import WorkKind
from geo.store.past import frames_at, revision_at
from geo.store.protocol import Store, View
from geo.store.snapshot import Snapshot, SnapshotKeeper, advance
from maps.atlas import Atlas

PAST_DAYS = 4
AUDIENCES = 12
"""How many of each are kept. What an audience sees shares its rows with the whole of the same day."""

Kept = TypeVar("Kept")


class Shelf(Generic[Kept]):
    """At most ``most`` things by key; the one that was asked for longest ago goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._things: OrderedDict[Hashable, Kept] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """What ``key`` stands for, made when it is not there."""
        thing = self._things.get(key)
        if thing is None:
            thing = self._things[key] = make()
        self._things.move_to_end(key)
        while len(self._things) > self._most:
            self._things.popitem(last=False)
        return thing

    def clear(self) -> None:
        self._things.clear()

    def __len__(self) -> int:
        return len(self._things)


@dataclass
class Atlases:
    """Atlases of one store; any thread may ask. Making one costs little: what is in it comes later."""

    store: Store
    keeper: SnapshotKeeper
    district: District
    catalogue: tuple[WorkKind, ...]
    _present: Atlas | None = None
    _past: Shelf[Atlas] = field(default_factory=lambda: Shelf(PAST_DAYS))
    _seen: Shelf[Atlas] = field(default_factory=lambda: Shelf(AUDIENCES))
    _making: threading.Lock = field(default_factory=threading.Lock)
    _recalling: threading.Lock = field(default_factory=threading.Lock)

    def get(self, today: date, audience: Audience = INTERNAL, as_of: date | None = None) -> Atlas:
        """What ``audience`` sees of the store now, or as it stood at the end of ``as_of``."""
        whole = self._now(today) if as_of is None or as_of == today else self._then(today, as_of)
        if audience == INTERNAL:
            return whole
        with self._making:
            return self._seen.get((audience, id(whole)), lambda: whole.seen_by(audience))

    def _now(self, today: date) -> Atlas:
        snapshot = self.keeper.current()
        atlas = self._present
        if atlas is not None and (atlas.revision, atlas.as_of) == (snapshot.revision, today):
            return atlas
        with self._making:
            atlas = self._present
            if atlas is None or atlas.as_of != today or atlas.revision < snapshot.revision:
                before = atlas
                atlas = self._made(snapshot.frames, snapshot.revision, snapshot, today, today)
                if before is not None and before.as_of == today:
                    atlas.take_over(before)
                self._present = atlas
                # They hold on to the rows of the revision that was.
                self._seen.clear()
            return atlas

    def _then(self, today: date, as_of: date) -> Atlas:
        snapshot = self.keeper.current()
        moment = datetime.combine(as_of, time.max, self.district.timezone).astimezone(UTC)
        with self._recalling, self.store.view() as view:
            revision = revision_at(view, moment)
            key = (as_of, revision, today)
            return self._past.get(key, lambda: self._passed(view, snapshot, revision, as_of, today))

    def _passed(self, view: View, snapshot: Snapshot, revision: int, as_of: date, today: date) -> Atlas:
        if not revision:
            return self._made({}, 0, snapshot, as_of, today, self._began(view))
        if snapshot.revision < view.revision():
            snapshot = advance(snapshot, view)
        frames = frames_at(view, snapshot.frames, revision)
        return self._made(frames, revision, snapshot, as_of, today)

    def _began(self, view: View) -> date | None:
        first = next(iter(view.revisions()), None)
        return datetime.fromisoformat(first.at).astimezone(self.district.timezone).date() if first else None

    def _made(
        self,
        frames: Mapping[str, pd.DataFrame],
        revision: int,
        snapshot: Snapshot,
        as_of: date,
        today: date,
        began: date | None = None,
    ) -> Atlas:
        return Atlas(
            frames,
            district=self.district,
            catalogue=self.catalogue,
            as_of=as_of,
            revision=revision,
            sample=is_sample(snapshot.meta),
            today=today,
            began=began,
        )


def is_sample(meta: Mapping[str, str]) -> bool:
    """Whether a store's meta says that it holds the sample district."""
    return meta.get("sample") == "true"
