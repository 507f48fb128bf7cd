"""The last thing that was costly to make, kept for who asks for the same again."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Final, Generic, TypeVar
from weakref import WeakSet

T = TypeVar("T")


class Kept(Generic[T]):
    """One value, with the key that it was made for.  Copies of its owner start without it.

    Threads may share it; before a fork it is given up, for threads of its own would be missing in the child.
    """

    def __init__(self) -> None:
        self._last: tuple[Hashable, T] | None = None
        self._making = Lock()
        _ALL.add(self)

    def get(self, key: Hashable, make: Callable[[], T]) -> tuple[T, bool]:
        """The value for `key`, and whether it was there already.  Otherwise `make` makes it, and the one before is
        given up; where that raises, nothing is kept."""
        with self._making:
            if self._last is not None and self._last[0] == key:
                return self._last[1], True
            self._last = None
            value = make()
            self._last = (key, value)
            return value, False

    def __reduce__(self) -> tuple[type[Kept[T]], tuple[()]]:
        return type(self), ()

    def forget(self) -> None:
        self._last = None

    def unlock(self) -> None:
        """In a child, where a thread that was making something is no more."""
        self._making = Lock()


_ALL: Final[WeakSet[Kept[Any]]] = WeakSet()


def _before_fork() -> None:
    for kept in list(_ALL):
        kept.forget()


def _in_child() -> None:
    for kept in list(_ALL):
        kept.unlock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_in_child)
