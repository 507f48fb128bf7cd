"""How long a step of unknown length has taken, told on a terminal once that is more than a second."""

from __future__ import annotations

import _thread
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from specc.interrupts import undone

if TYPE_CHECKING:
    from _thread import LockType


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Tell the seconds of the block on standard error, with `what` it does, and take that away at its end."""
    if not sys.stderr.isatty():
        yield
        return
    busy, told = _thread.allocate_lock(), _thread.allocate_lock()
    busy.acquire()
    told.acquire()
    _thread.start_new_thread(_tell, (what, busy, told))

    def end() -> None:
        busy.release()
        told.acquire()

    undone.append(end)
    try:
        yield
    finally:
        undone.remove(end)
        end()


def _tell(what: str, busy: LockType, told: LockType) -> None:
    """Until `busy` is free; `told` is free behind it."""
    seconds = 0
    with suppress(OSError):  # nobody listens
        while not busy.acquire(timeout=1):
            seconds += 1
            sys.stderr.write(f"\r{what}: {seconds} s")
            sys.stderr.flush()
        if seconds:
            sys.stderr.write(f"\r{' ' * len(f'{what}: {seconds} s')}\r")
            sys.stderr.flush()
    told.release()
