"""How much of anything a spec may ask for; whatever goes beyond gets a diagnostic, never a crash."""

from __future__ import annotations

from typing import NamedTuple


class _Bounds(NamedTuple):
    """The fields of `Limits`."""

    nesting: int = 200
    """Brackets within brackets, operators within operators, lists within lists, blocks within blocks, and models
    derived from derived ones (E0106; E0205 for a block within itself)."""
    digits: int = 1000
    """Digits of one number in the text (E0105)."""
    file_bytes: int = 4 * 2**20
    """The size of one file (E0704)."""
    layers: int = 1_000_000
    """Layers of one model (E0701)."""
    steps: int = 2_000_000
    """Statements and operators evaluated for one file, and for every 8 items of a list one more (E0702)."""
    imports: int = 1000
    """Files read for one spec (E0705)."""
    import_depth: int = 50
    """Files importing each other in a chain (E0705)."""
    elements: int = 1_000_000
    """Items of one list with those of the lists in it, or characters of one text, that a spec computes (E0702)."""
    findings: int = 200
    """Errors before checking stops (E0707), and warnings before further ones are left out (W0401)."""
    memory: int = 0
    """Bytes that run, verify, export and weights may need for weights and values; 0 stands for what is available
    (E0706)."""
    pixels: int = 200_000_000
    """Pixels of one image that `run` reads (E0706)."""


class Limits(_Bounds):
    """Upper bounds, each inclusive; `--limit NAME=NUMBER` sets one.

    Raises `TypeError` for what is no whole number, `ValueError` for a negative one.
    """

    __slots__ = ()

    def __init__(self, *_: int, **__: int) -> None:
        for name, number in self._asdict().items():
            if isinstance(number, bool) or not hasattr(number, "__index__"):
                raise TypeError(f"limit {name} is a whole number, not {number!r}")
            if number < 0:
                raise ValueError(f"limit {name} is at least 0, not {number}")


DEFAULT_LIMITS = Limits()


def raising(name: str) -> str:
    """What to say where the limit called `name` is in the way."""
    return f"`--limit {name}=N`, from Python `limits=specc.Limits({name}=N)`, raises the limit"
