"""What callers from Python hand over, told in a sentence where it is none of what it may be."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeAlias, TypeVar, cast

from specc.diagnostics.suggest import nearest

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, Any]

T = TypeVar("T")


def one_of(name: str, value: object, choices: Mapping[str, T]) -> T:
    """The choice called `value`; raises `ValueError`."""
    if isinstance(value, str) and value in choices:
        return choices[value]
    guess = nearest(value, choices) if isinstance(value, str) else None
    meant = f"; did you mean {guess!r}?" if guess else ""
    raise ValueError(f"{name} is one of {', '.join(map(repr, choices))}, not {value!r}{meant}")


def whole(name: str, value: object, least: int | None = None) -> int:
    """`value`, a whole number of at least `least`; raises `TypeError` or `ValueError`."""
    import operator

    try:
        number = operator.index(cast("SupportsIndex", value))
    except TypeError:
        raise TypeError(f"{name} is a whole number, not {value!r}") from None
    if least is not None and number < least:
        raise ValueError(f"{name} is at least {least}, not {number}")
    return number


def path(value: str | os.PathLike[str]) -> str:
    """`value`, a path; raises `TypeError`, of a list as well: files are separate arguments."""
    if isinstance(value, str | os.PathLike):
        return os.fspath(value)
    raise TypeError(f"a file is a path, not {value!r}; several are separate arguments: run_files(*files)")


def float_array(name: str, value: object) -> Array:
    """`value` as a float32 array; raises `TypeError` for what holds no real numbers, `ValueError` for ragged lists."""
    import numpy as np

    if value is None or isinstance(value, str | bytes):
        files = "; files are run by `run_files`" if isinstance(value, str) else ""
        raise TypeError(f"{name} is an array, not {value!r}{files}")
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} is no array: its lists have different lengths") from None
    if array.dtype.kind in "cOSUMm":
        raise TypeError(f"{name} is an array of real numbers, not of {array.dtype}")
    return np.ascontiguousarray(array, dtype=np.float32)


def kinds_of_inputs(value: str | Iterable[str]) -> tuple[str, ...]:
    """The kinds of probes meant by `quick`, `all`, kinds joined by commas, or a list of kinds; raises `ValueError`."""
    from specc.verify.probes import KINDS, QUICK

    named = {"quick": QUICK, "all": tuple(KINDS)}
    kinds = [kind.strip() for kind in value.split(",")] if isinstance(value, str) else list(value)
    for kind in kinds:
        one_of("an item of kinds", kind, {name: name for name in (*KINDS, *named)})
    return tuple(dict.fromkeys(kind for name in kinds for kind in named.get(name, (name,))))
