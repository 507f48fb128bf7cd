"""How wide text is on a terminal, and how to make it fit: measuring, padding, shortening, wrapping."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

TAB_STOP = 4
_ELLIPSIS = "…"

_NUMBER = re.compile(r"\d+(x\d+)*$")

_CONTROL_PICTURES = 0x2400
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def printable(text: str) -> str:
    """`text` without power over the terminal: control characters as pictures, direction marks replaced."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(char: str) -> str:
    code = ord(char)
    if code < 32:
        return chr(_CONTROL_PICTURES + code)
    if code == 127:
        return "\N{SYMBOL FOR DELETE}"
    return _REPLACEMENT if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") else char


def char_width(char: str) -> int:
    """The number of terminal cells of one printable character: 0 for combining marks, 2 for wide ones (UAX #11)."""
    if char.isascii():
        return 1
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def text_width(text: str) -> int:
    """The number of terminal cells of printable `text`."""
    if text.isascii() or text.replace(_ELLIPSIS, "").isascii():  # nearly all there are
        return len(text)
    return sum(map(char_width, text))


def expand(line: str) -> list[str]:
    """What to print for each character of a source line, tabs as spaces up to the next stop."""
    column, shown = 0, []
    for char in line:
        piece = " " * (TAB_STOP - column % TAB_STOP) if char == "\t" else printable(char)
        shown.append(piece)
        column += text_width(piece)
    return shown


def take(text: str, width: int) -> str:
    """The longest beginning of `text` that is at most `width` cells wide."""
    used = 0
    for index, char in enumerate(text):
        used += char_width(char)
        if used > width:
            return text[:index]
    return text


def take_last(text: str, width: int) -> str:
    """The longest end of `text` that is at most `width` cells wide."""
    kept = take(text[::-1], width)[::-1]
    while kept and char_width(kept[0]) == 0:  # a combining mark whose letter was cut off
        kept = kept[1:]
    return kept


def shorten(text: str, width: int, ellipsis: str = _ELLIPSIS) -> str:
    """`text` in at most `width` cells, its middle left out where it is longer."""
    if text_width(text) <= width:
        return text
    room = width - text_width(ellipsis)
    if room <= 0:
        return take(ellipsis, width)
    return take(text, room // 2) + ellipsis + take_last(text, room - room // 2)


def shorten_name(name: str, width: int, ellipsis: str = _ELLIPSIS) -> str:
    """The name of a layer in at most `width` cells, abbreviated; where that is not enough its beginning is left out."""
    shorter = abbreviate(name, width, ellipsis)
    if text_width(shorter) <= width:
        return shorter
    last, room = name.rpartition(".")[2], width - text_width(ellipsis)
    if text_width(last) > room:
        return shorten(last, width, ellipsis)
    return ellipsis + take_last(shorter, room).lstrip(ellipsis)


def abbreviate(name: str, width: int, ellipsis: str = _ELLIPSIS, least: int = 2) -> str:
    """The name of a layer in `width` cells if it can be: `st…1.0.bo…1.conv1` for `stage1.0.bottleneck1.conv1`.

    The parts before the last lose the ends of their words, the longest ones first, and keep their numbers; none is
    shortened to less than `least` cells.
    """
    if text_width(name) <= width:
        return name
    path, dot, last = name.rpartition(".")

    def cut(cells: int) -> str:
        return _abbreviated_path(path, cells, ellipsis) + dot + last

    shortest = cut(least)
    if text_width(shortest) > width:
        return shortest
    sizes = range(least, max(map(text_width, path.split("."))))
    return cut(sizes[bisect_right(sizes, width, key=lambda cells: text_width(cut(cells))) - 1])


@lru_cache(maxsize=4096)
def _abbreviated_path(path: str, cells: int, ellipsis: str) -> str:
    """Parts joined by dots, each in at most `cells` cells if it can be."""
    return ".".join([_abbreviated(part, cells, ellipsis) for part in path.split(".")])


@lru_cache(maxsize=4096)
def _abbreviated(part: str, width: int, ellipsis: str) -> str:
    """One part of a name in at most `width` cells, with a letter and its number however little that is."""
    number = _NUMBER.search(part)
    end = ellipsis + (number[0] if number else "")
    short = take(part, max(width - text_width(end), 1)) + end
    return short if text_width(part) > max(width, text_width(short)) else part


def pad(text: str, width: int, *, right: bool = False) -> str:
    """`text` filled up with spaces to `width` cells; `right` aligns it to the right."""
    if text.isascii():
        return text.rjust(width) if right else text.ljust(width)
    fill = " " * (width - text_width(text))
    return fill + text if right else text + fill


def wrap(text: str, width: int) -> Iterator[str]:
    """`text` in lines of at most `width` cells, broken at spaces; a longer word gets a line of its own."""
    line = ""
    for word in filter(None, text.split(" ")):
        longer = f"{line} {word}" if line else word
        if line and text_width(longer) > width:
            yield line
            line = word
        else:
            line = longer
    yield line
