"""How kernels are compiled: numba without fast-math, cached on disk beside the source."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


_INTERPRETED: ContextVar[bool] = ContextVar("interpreted", default=False)


def jit(function: Function) -> Function:
    """Compile ``function`` at its first call and keep the machine code on disk."""
    if _INTERPRETED.get():
        return function
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


@contextmanager
def interpreted() -> Iterator[None]:
    """Within, ``jit`` leaves functions as they are."""
    token = _INTERPRETED.set(True)
    try:
        yield
    finally:
        _INTERPRETED.reset(token)


def loaded(function: Callable[..., Any], signature: tuple[Any, ...]) -> bool:
    """Whether machine code for ``signature`` (numba types) is in memory."""
    return signature in cast(Any, function).overloads


def load(function: Callable[..., Any], signature: tuple[Any, ...]) -> bool:
    """Load machine code for ``signature`` from disk; false where there is none. Compiles nothing."""
    if loaded(function, signature):
        return True
    dispatcher = cast(Any, function)
    # Numba has no public way to ask its cache without compiling; compile() begins with this very call.
    if dispatcher._cache.load_overload(signature, dispatcher.targetctx) is None:
        return False
    compile_now(function, signature)
    return True


def compile_now(function: Callable[..., Any], signature: tuple[Any, ...]) -> None:
    """Load ``function`` for ``signature`` from disk, or compile it and write it there."""
    cast(Any, function).compile(signature)
