"""Bodies of requests: read up to a limit, and JSON that can mean one thing only."""

import json
import math
import re
from typing import Annotated, Any

import numpy as np
from fastapi import Depends, Request

from api.deps import services_of
from geo.errors import BadInput

DEEPEST = 16
STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
OPENING, CLOSING = b"[{", b"]}"
Json = dict[str, Any]


async def json_body(request: Request) -> Json:
    """The request's JSON object.

    Raises ``BadInput``: ``body_not_json_type``, ``body_too_large``, ``body_not_json`` (NaN, a name twice, too
    deep and half a character among it), ``body_no_object``.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/json", "application/merge-patch+json"):
        raise BadInput("body_not_json_type", found=kind or "—")
    return parsed(await read_body(request, services_of(request).settings.body_limit_kb * 1024))


async def no_or_json_body(request: Request) -> Json:
    """As ``json_body``; nothing at all is an empty object."""
    return {} if request.headers.get("content-length", "0") == "0" else await json_body(request)


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body; ``BadInput`` (``body_too_large``) as soon as it is longer than ``limit`` bytes."""
    parts, size = [], 0
    refuse_long(request, limit)
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise BadInput("body_too_large", limit_kb=limit // 1024)
        parts.append(part)
    return b"".join(parts)


def refuse_long(request: Request, limit: int) -> None:
    """Refuse a body that says of itself that it is longer than ``limit`` bytes, before any of it is read."""
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > limit:
        raise BadInput("body_too_large", limit_kb=limit // 1024)


def parsed(content: bytes) -> Json:
    """The JSON object in ``content``; raises as ``json_body`` does."""
    if depth(content) > DEEPEST:
        raise BadInput("body_not_json", problem=f"> {DEEPEST} levels")
    try:
        told = json.loads(
            content.decode(), object_pairs_hook=_once, parse_constant=_refused, parse_float=_finite
        )
        canonical(told)
    except (ValueError, RecursionError) as error:
        raise BadInput("body_not_json", problem=str(error)) from error
    if not isinstance(told, dict):
        raise BadInput("body_no_object")
    return told


def depth(content: bytes) -> int:
    """How many brackets are open at most at once, those inside strings not counted."""
    signs = np.frombuffer(STRINGS.sub(b"", content), dtype=np.uint8)
    steps = np.isin(signs, list(OPENING)).astype(np.int64) - np.isin(signs, list(CLOSING))
    return int(np.cumsum(steps).max(initial=0))


def canonical(told: Any) -> bytes:
    """One text for all ways to write the same JSON; ``UnicodeEncodeError`` for half a character."""
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _once(pairs: list[tuple[str, Any]]) -> Json:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"twice: {twice}")
    return dict(pairs)


def _refused(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


JsonDep = Annotated[Json, Depends(json_body)]
PerhapsJsonDep = Annotated[Json, Depends(no_or_json_body)]
