"""The canonical line of an event and the chain of hashes over them."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import orjson

from geo.store.protocol import Event, Problem, Store

GENESIS = "0" * 64


def stamp(moment: datetime) -> str:
    """A moment as the record writes it: UTC with microseconds, so that text sorts as time does."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def chained(
    before: Sequence[str | None],
    after: Sequence[str | None],
    ids: Sequence[str],
    *,
    action: str,
    layer: str,
    revision: int,
    at: str,
    actor: str,
    origin: str,
    head: tuple[int, str],
) -> list[Event]:
    """One event per row, each hashed over the hash before it and its own canonical line.

    ``head`` is the number and hash of the last event so far.
    """
    seq, previous = head
    around = _surroundings(action, actor, at, layer, origin, revision)
    events = []
    for old, new, row in zip(before, after, ids, strict=True):
        seq += 1
        previous = _link(previous, _filled(around, old, new, row, seq))
        events.append(Event(seq, revision, at, actor, origin, layer, row, action, old, new, previous))
    return events


def link(previous: str, event: Event) -> str:
    """SHA-256, in hex, of the previous hash (hex) followed by the event's canonical line (UTF-8)."""
    return _link(previous, line(event))


def line(event: Event) -> str:
    """All fields of an event but its hash as JSON with sorted keys; before and after are put in as stored."""
    around = _surroundings(event.action, event.actor, event.at, event.layer, event.origin, event.revision)
    return _filled(around, event.before, event.after, event.row_id, event.seq)


def _link(previous: str, text: str) -> str:
    return hashlib.sha256((previous + text).encode()).hexdigest()


def _surroundings(
    action: str, actor: str, at: str, layer: str, origin: str, revision: int
) -> tuple[str, str, str]:
    return (
        f'{{"action":{_quoted(action)},"actor":{_quoted(actor)},"after":',
        f',"at":{_quoted(at)},"before":',
        f',"layer":{_quoted(layer)},"origin":{_quoted(origin)},"revision":{revision},"row_id":',
    )


def _filled(around: tuple[str, str, str], before: str | None, after: str | None, row: str, seq: int) -> str:
    first, second, third = around
    return f'{first}{after or "null"}{second}{before or "null"}{third}{_quoted(row)},"seq":{seq}}}'


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def verify_chain(store: Store) -> list[Problem]:
    """Where the history is not what was recorded: ``gap``, ``hash`` or ``order`` at an event."""
    with store.view() as view:
        return [problem for _, problems in walked(view.chain()) for problem in problems]


def walked(events: Iterable[Event]) -> Iterator[tuple[Event, list[Problem]]]:
    """Every event with what is broken between it and the one before."""
    expected, previous, revision = 1, GENESIS, 0
    for event in events:
        found = (
            ("gap", event.seq != expected),
            ("order", event.revision < revision),
            ("hash", link(previous, event) != event.hash),
        )
        yield event, [Problem(event.seq, code, event.layer, event.row_id) for code, broken in found if broken]
        expected, previous, revision = event.seq + 1, event.hash, event.revision
