"""Which machine code is ready: compiled and kept on disk at set-up, replaced by slower paths until then."""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

from geo.coordination import jit

_PAIRS = "geo.coordination.kernel"
RUNS, CONTACTS, APPROACHES = (f"geo.coordination.{name}" for name in ("runs", "contacts", "approaches"))
_ALL = (_PAIRS, RUNS, CONTACTS, APPROACHES)


def ready(names: tuple[str, ...] = _ALL) -> bool:
    """Whether the machine code is in memory or on disk, so that using it stalls nobody; loads it if so."""
    wanted = [entry for name in names for entry in _entries(name)]
    return all(jit.loaded(*entry) for entry in wanted) or all(jit.load(*entry) for entry in wanted)


def pairs_ready() -> bool:
    """``ready`` for the kernel of near pairs alone."""
    return ready((_PAIRS,))


def compile_all() -> None:
    """Compile what is not compiled yet and keep it on disk; takes seconds. For set-up and start."""
    for name in _ALL:
        for function, signature in _entries(name):
            jit.compile_now(function, signature)


def code(name: str) -> ModuleType:
    """The kernels of ``RUNS``, ``CONTACTS`` or ``APPROACHES``: compiled where ready, else the same source run
    by Python."""
    return importlib.import_module(name) if ready((name,)) else _plain(name)


@cache
def _plain(name: str) -> ModuleType:
    """The module of that name once more, not compiled."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(name)
    module = importlib.util.module_from_spec(spec)
    with jit.interpreted():
        spec.loader.exec_module(module)
    return module


@cache
def _entries(name: str) -> list[tuple[Callable[..., Any], tuple[Any, ...]]]:
    """The functions that Python calls, with the types that it calls them with."""
    import numba

    module = importlib.import_module(name)
    f8, i8 = numba.float64, numba.int64
    table, ints, reals, small = f8[:, ::1], i8[::1], f8[::1], numba.int32[::1]
    if name == _PAIRS:
        forms, boxes = numba.int8[::1], numba.int32[:, ::1]
        side = (table, small, small, forms, i8[:, ::1], reals, ints, boxes)
        return [
            (module.segments, (table, ints, ints)),
            (module.cells, (table, small, forms, reals, i8, i8, i8)),
            (module.bucket, (table, small, forms, reals, ints, boxes, i8, i8)),
            (module.search, (*side, *side, table, f8, numba.boolean, i8, i8)),
        ]
    lines = (table, ints, ints)
    if name == CONTACTS:
        return [
            (module.touches, (*lines, *lines, ints, ints, f8)),
            (module.nearest, (*lines, ints, table)),
            (module.gaps, (*lines, ints, ints, table)),
        ]
    if name == APPROACHES:
        return [
            (module.approaches, (ints, ints, table, reals, ints, ints, *lines, ints, ints, ints)),
            (module.goes_on, (i8[:, ::1], ints)),
        ]
    return [(module.stretches, (*lines, *lines, ints, ints, ints, reals, ints, table))]


if __name__ == "__main__":
    compile_all()
    sys.exit(0 if ready() else 1)
