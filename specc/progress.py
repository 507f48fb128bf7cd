"""How far long work has come, for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from specc.mapped import Mapped, Value

Advance: TypeAlias = Callable[[int], object]
"""Called with the number of steps done since the last call."""
Progress: TypeAlias = Callable[[int], AbstractContextManager[Advance]]
"""Called with the number of steps that there are to do; the block is the work."""


@contextmanager
def unseen(_: int) -> Iterator[Advance]:
    """Progress that nobody watches."""
    yield ignore


def ignore(_: int) -> None:
    """An advance that nobody watches."""


@dataclass(frozen=True, eq=False)
class Watched(Mapped[Value]):
    """The values of `source`, of which every reading is a step."""

    source: Mapping[str, Value]
    advance: Advance

    def __getitem__(self, name: str) -> Value:
        value = self.source[name]
        self.advance(1)
        return value
