"""Mappings that stand for another one and do something whenever a value is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

Value = TypeVar("Value")


class Mapped(Mapping[str, Value]):
    """The names of `source`; a class of this kind says what each value is.  Asking whether there is a name reads
    nothing, while `Mapping` would read the value, which may be a tensor on the disk."""

    source: Mapping[str, Value]

    def __contains__(self, name: object) -> bool:
        return name in self.source

    def __iter__(self) -> Iterator[str]:
        return iter(self.source)

    def __len__(self) -> int:
        return len(self.source)
