"""Moving a whole history, with the rows it led to, from one store into another that is empty."""

from collections.abc import Iterator
from itertools import islice

from geo.layers import LAYERS
from geo.store.canonical import GENESIS
from geo.store.protocol import Event, View, Writing

CHUNK = 5000


def pour(view: View, writing: Writing) -> tuple[int, str]:
    """Write all that ``view`` holds into an empty store; number and hash of the last event.

    Events, revisions and receipts go over as they are, byte for byte; rows in their order,
    each at its row revision.
    """
    for layer in LAYERS.values():
        rows, revisions = view.rows(layer)
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            writing.insert(rows.part(part), revisions[part])
    head = 0, GENESIS
    for events in _batches(view.chain()):
        writing.append(events)
        head = events[-1].seq, events[-1].hash
    for revision in view.revisions():
        writing.add_revision(revision)
    for receipt in view.receipts():
        writing.keep_receipt(receipt)
    return head


def _batches(events: Iterator[Event]) -> Iterator[list[Event]]:
    while batch := list(islice(events, CHUNK)):
        yield batch
