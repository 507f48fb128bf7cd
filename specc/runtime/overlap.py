"""Stages of work that overlap: each in threads of its own, none more than a few items ahead of the next.

Pillow, NumPy and ONNX Runtime let other threads run while they work on an image.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class _End:
    """What stands behind the last item."""


_END: Final = _End()


def ahead(items: Generator[T, None, None], size: int) -> Generator[T, None, None]:
    """The same items, made in a thread of their own: `size` of them at most wait to be taken.

    An exception of `items` arrives where its item would have. Leaving early closes `items` as soon as the item that
    is being made is finished, without waiting for that.
    """
    pool = ThreadPoolExecutor(1)
    waiting: deque[Future[T | _End]] = deque(pool.submit(next, items, _END) for _ in range(size))
    try:
        while not isinstance(item := waiting.popleft().result(), _End):
            waiting.append(pool.submit(next, items, _END))
            yield item
            del item  # whoever took it decides how long it lives
    finally:
        _abandon(waiting)
        with suppress(RuntimeError):  # Python itself is ending, and its threads have
            pool.submit(items.close)
        pool.shutdown(wait=False)


def ordered(work: Callable[[T], R], items: Iterable[T], *, threads: int, size: int) -> Generator[R, None, None]:
    """`work` of each item in the order of `items`, by `threads` threads: `size` at most are begun and not yet taken."""
    left, waiting = iter(items), deque[Future[R]]()
    pool = ThreadPoolExecutor(threads)
    try:
        while True:
            for item in left:
                waiting.append(pool.submit(work, item))
                if len(waiting) == size:
                    break
            if not waiting:
                return
            yield waiting.popleft().result()
    finally:
        _abandon(waiting)
        pool.shutdown(wait=False)


def _abandon(waiting: Iterable[Future[R]]) -> None:
    for future in waiting:
        future.cancel()
