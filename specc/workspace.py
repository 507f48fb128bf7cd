"""Checking files again and again in a process that lives on, as an editor does."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Final

from specc.elaborate import Loader
from specc.elaborate.memory import Memory
from specc.elaborate.values import Value
from specc.limits import DEFAULT_LIMITS, Limits
from specc.pipeline import Outcome, check
from specc.source import Source

FILES: Final = 16
"""Files of which a workspace remembers what their last check has left."""


class Workspace:
    """Remembers the files that it checked last, by name, so that an edited one is checked in a fraction of the time.

    Outcomes are the same as those of `specc.pipeline.check`.  Threads may share it: while one checks a file, another
    that checks the same file does so without what is remembered.
    """

    def __init__(self, files: int = FILES) -> None:
        self._most = files
        self._files: OrderedDict[str, tuple[Memory, Lock]] = OrderedDict()
        self._lock = Lock()

    def check(
        self,
        source: Source,
        loader: Loader,
        *,
        model: str | None = None,
        settings: Mapping[str, Value] | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Outcome:
        """`specc.pipeline.check` of the file called `source.name`, whose text may have changed."""
        memory, lock = self._of(source.name)
        mine = lock.acquire(blocking=False)
        try:
            return check(source, loader, model=model, settings=settings, limits=limits, memory=memory if mine else None)
        finally:
            if mine:
                lock.release()

    def _of(self, name: str) -> tuple[Memory, Lock]:
        """What is remembered of a file; of the one that was not checked for longest it is forgotten."""
        with self._lock:
            found = self._files.setdefault(name, (Memory(), Lock()))
            self._files.move_to_end(name)
            if len(self._files) > self._most:
                self._files.popitem(last=False)
            return found
