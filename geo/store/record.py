"""The record: rows, events and revision in one transaction, or nothing at all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from geo.store.canonical import chained
from geo.store.protocol import Revision, Store, Writing
from geo.store.references import check_references
from geo.store.steps import (
    ADD,
    REMOVE,
    UPDATE,
    Change,
    Prepared,
    Step,
    addition,
    alteration,
    prepared,
    refuse_stale,
    removal,
)

__all__ = ["Change", "Progress", "Recorded", "record"]

CHUNK = 5000

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Recorded:
    """The store's revision afterwards and how many rows were really changed."""

    revision: int
    added: int
    updated: int
    removed: int


@dataclass
class Ledger:
    """One transaction under way."""

    writing: Writing
    at: str
    actor: str
    origin: str
    total: int
    on_progress: Progress | None
    revision: int
    head: tuple[int, str]
    done: int = 0
    steps: list[Step] = field(default_factory=list)

    def take(self, step: Step) -> None:
        """Write the rows and events of a step."""
        for start in range(0, len(step.rows), CHUNK):
            self._write(step, slice(start, start + CHUNK))
        self.steps.append(step)

    def _write(self, step: Step, part: slice) -> None:
        rows = step.rows.part(part)
        if step.action == ADD:
            self.writing.insert(rows, self.revision)
        elif step.action == UPDATE:
            self.writing.update(rows, step.names, self.revision)
        else:
            self.writing.remove(rows.layer, rows.ids)
        events = chained(
            step.before[part],
            step.after[part],
            rows.ids,
            action=step.action,
            layer=rows.layer.name,
            revision=self.revision,
            at=self.at,
            actor=self.actor,
            origin=self.origin,
            head=self.head,
        )
        self.writing.append(events)
        self.head = events[-1].seq, events[-1].hash
        self.done += len(rows)
        if self.on_progress is not None:
            self.on_progress(self.done, self.total)

    def count(self, action: str) -> int:
        return sum(len(step.rows) for step in self.steps if step.action == action)


def record(
    store: Store,
    changes: Sequence[Change],
    *,
    actor: str,
    at: datetime,
    origin: str,
    summary: str = "",
    on_progress: Progress | None = None,
) -> Recorded:
    """Record ``changes`` in the order given, as one revision, by ``actor`` (an id) at the UTC time ``at``.

    A record that changes nothing makes no revision. ``on_progress`` hears (rows written, rows in all) from
    inside the transaction. Whatever is raised, nothing is kept: ``ContractError`` (rows that break their
    layer's contract or refer to what is not there), ``DuplicateId``, ``NotFound``, ``StaleRevision``,
    ``MissingCRS``, ``WrongCRS``, ``StoreBusy``.
    """
    stamp = _stamp(at)
    ready = [prepared(change, store.crs) for change in changes]
    with store.writing() as writing:
        ledger = Ledger(
            writing,
            stamp,
            actor,
            origin,
            total=sum(map(len, ready)),
            on_progress=on_progress,
            revision=writing.revision() + 1,
            head=writing.head(),
        )
        for change in ready:
            _apply(change, ledger)
        if not ledger.steps:
            return Recorded(ledger.revision - 1, 0, 0, 0)
        check_references(writing, ledger.steps)
        writing.add_revision(Revision(ledger.revision, stamp, actor, origin, summary))
    return Recorded(ledger.revision, *(ledger.count(action) for action in (ADD, UPDATE, REMOVE)))


def _stamp(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("at needs a time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _apply(change: Prepared, ledger: Ledger) -> None:
    refuse_stale(change, ledger.writing)
    for prepare in (addition, alteration, removal):
        step = prepare(change, ledger.writing)
        if step is not None and len(step.rows):
            ledger.take(step)
