"""Finished pages by revision and parameters: the least recently asked for goes first."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable


class PageCache:
    """Bytes by key, at most ``limit`` bytes in all; any thread may ask."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pages: OrderedDict[Hashable, bytes] = OrderedDict()
        self._size = 0
        self._guard = threading.Lock()
        self._drawing = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """The page of ``key``, made by ``make`` when it is not there.

        One page is drawn at a time: whoever waits for the same one gets it, and drawing, which is work for
        the processor alone, never takes more than one thread's turn from those who edit.
        """
        page = self._found(key)
        if page is None:
            with self._drawing:
                page = self._found(key)
                if page is None:
                    page = make()
                    with self._guard:
                        self._put(key, page)
        return page

    def _found(self, key: Hashable) -> bytes | None:
        with self._guard:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def _put(self, key: Hashable, page: bytes) -> None:
        self._size += len(page) - len(self._pages.pop(key, b""))
        self._pages[key] = page
        while self._size > self._limit and self._pages:
            _, gone = self._pages.popitem(last=False)
            self._size -= len(gone)

    def __len__(self) -> int:
        return len(self._pages)
