"""GeoPackage geometry blobs: an 8-byte head, the envelope, then little-endian WKB.

Layout after OGC 12-128r18, clause 2.1.3. Every blob written here carries an XY envelope, so its head is
40 bytes; reading takes the length from the flags and so understands blobs without one, too.
"""

import struct
from collections.abc import Callable, Iterable, Sequence

import numpy as np

FLAGS_LITTLE_XY = 0b0000_0011
EMPTY_BIT = 0b0001_0000
ENVELOPE_LENGTHS = (0, 32, 48, 48, 64)

MULTI_CODES = {"MULTIPOINT": 4, "MULTILINESTRING": 5, "MULTIPOLYGON": 6}
MULTI_OF_ONE = tuple(struct.pack("<BII", 1, code, 1) for code in MULTI_CODES.values())


def pack(wkb: Sequence[bytes | None], bounds: np.ndarray, declared: str, srs_id: int) -> list[bytes | None]:
    """Blobs of little-endian 2D WKB geometries with their (n, 4) bounds.

    Where ``declared`` is a multi type, a single geometry becomes a multi geometry of one part.
    """
    head = struct.pack("<2sBBi", b"GP", 0, FLAGS_LITTLE_XY, srs_id)
    boxes = np.ascontiguousarray(bounds[:, [0, 2, 1, 3]], dtype="<f8").tobytes()
    multi = MULTI_CODES.get(declared, 0)
    one = struct.pack("<BII", 1, multi, 1)
    return [
        None
        if blob is None
        else head + boxes[place * 32 : place * 32 + 32] + (one if multi and blob[1] != multi else b"") + blob
        for place, blob in enumerate(wkb)
    ]


def unpack(blobs: Iterable[bytes | None]) -> list[bytes | None]:
    """The WKB in each blob; a multi geometry of one part comes back as that part."""
    return [None if blob is None else _body(blob) for blob in blobs]


def _body(blob: bytes) -> bytes:
    start = 8 + ENVELOPE_LENGTHS[(blob[3] >> 1) & 7]
    return blob[start + 9 :] if blob.startswith(MULTI_OF_ONE, start) else blob[start:]


def single(wkb: bytes) -> bytes:
    """The one part of a multi geometry of one part; every other geometry as it is."""
    return wkb[9:] if wkb.startswith(MULTI_OF_ONE) else wkb


def side(place: int) -> Callable[[bytes | None], float | None]:
    """A function for minx, maxx, miny or maxy (``place`` 0 to 3) in the head of a blob with an envelope."""
    little, big, start = struct.Struct("<d").unpack_from, struct.Struct(">d").unpack_from, 8 + 8 * place

    def read(blob: bytes | None) -> float | None:
        if blob is None:
            return None
        return float((little if blob[3] & 1 else big)(blob, start)[0])

    return read


def is_empty(blob: bytes | None) -> int | None:
    """What the SQL function ``ST_IsEmpty`` gives."""
    return None if blob is None else (blob[3] & EMPTY_BIT) >> 4
