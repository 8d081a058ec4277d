"""The record: rows, events and revision in one transaction, or nothing at all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from geo.errors import BadInput
from geo.store.canonical import chained, stamp
from geo.store.protocol import KeptReceipt, Receipt, Revision, Store, View, Writing
from geo.store.references import check_references
from geo.store.steps import (
    COMING,
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
    restoration,
)

__all__ = ["Change", "Progress", "Receipt", "Recorded", "record", "replayed"]

CHUNK = 5000

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Recorded:
    """The store's revision afterwards and how many rows were really changed; ``added`` counts restored ones.

    ``replayed``: the same was recorded before, at ``revision``, and nothing was written this time.
    """

    revision: int
    added: int
    updated: int
    removed: int
    replayed: bool = False


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
        if step.action in COMING:
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

    def counted(self) -> Recorded:
        """What was recorded, in numbers."""
        kinds = (COMING, (UPDATE,), (REMOVE,))
        added, updated, removed = (
            sum(len(step.rows) for step in self.steps if step.action in kind) for kind in kinds
        )
        return Recorded(self.revision, added, updated, removed)


def record(
    store: Store,
    changes: Sequence[Change],
    *,
    actor: str,
    at: datetime,
    origin: str,
    summary: str = "",
    on_progress: Progress | None = None,
    receipt: Receipt | None = None,
) -> Recorded:
    """Record ``changes`` in the order given, as one revision, by ``actor`` (an id) at the UTC time ``at``.

    A record that changes nothing makes no revision. ``on_progress`` hears (rows written, rows in all) from
    inside the transaction. ``receipt`` makes the record count once: kept in the same transaction, and when it
    comes again nothing is written and the first one's revision told. Whatever is raised, nothing is kept:
    ``BadInput`` (``idempotency_key_reused``: the key of a receipt with another digest), ``ContractError``
    (rows that break their layer's contract or refer to what is not there), ``DuplicateId``, ``NotFound``,
    ``StaleRevision``, ``MissingCRS``, ``WrongCRS``, ``StoreBusy``.
    """
    moment = stamp(at)
    ready = [prepared(change, store.crs) for change in changes]
    with store.writing() as writing:
        known = replayed(writing, receipt)
        if known is not None:
            return known
        ledger = Ledger(
            writing,
            moment,
            actor,
            origin,
            total=sum(map(len, ready)),
            on_progress=on_progress,
            revision=writing.revision() + 1,
            head=writing.head(),
        )
        for change in ready:
            _apply(change, ledger)
        done = _closed(ledger, summary)
        if receipt is not None:
            writing.keep_receipt(KeptReceipt(receipt.key, receipt.digest, done.revision, moment))
    return done


def replayed(view: View, receipt: Receipt | None) -> Recorded | None:
    """What the record with this receipt came to, or ``None`` where there was none yet.

    Raises ``BadInput`` (``idempotency_key_reused``) where the key was used for something else.
    """
    kept = None if receipt is None else view.receipt(receipt.key)
    if receipt is None or kept is None:
        return None
    if kept.digest != receipt.digest:
        raise BadInput("idempotency_key_reused")
    return Recorded(kept.revision, 0, 0, 0, replayed=True)


def _closed(ledger: Ledger, summary: str) -> Recorded:
    """Close the books of what was written, once its references are known to hold."""
    if not ledger.steps:
        return Recorded(ledger.revision - 1, 0, 0, 0)
    check_references(ledger.writing, ledger.steps)
    ledger.writing.add_revision(Revision(ledger.revision, ledger.at, ledger.actor, ledger.origin, summary))
    return ledger.counted()


def _apply(change: Prepared, ledger: Ledger) -> None:
    refuse_stale(change, ledger.writing)
    for prepare in (addition, restoration, alteration, removal):
        step = prepare(change, ledger.writing)
        if step is not None and len(step.rows):
            ledger.take(step)
