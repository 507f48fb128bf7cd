"""Comments of other languages, which begin with `#` here: one function for each, all in `REMARKS`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from specc.syntax.stuck import Stuck

_COMMENT: Final = "a comment starts with `#`"
_EACH_LINE: Final = f"{_COMMENT}, on each of its lines"
_LONG: Final = ("/*", "*/", '"""', "'''", "<!--")
"""What may hold several lines."""
_SHORT: Final = re.compile(r"//|--(?!>)|%")


def _alone(stuck: Stuck) -> str | None:
    """A line that begins with `//`, `--`, `%`, `/*` or quotes."""
    if stuck.rest.startswith(_LONG):
        return _EACH_LINE
    begins = stuck.accepted & {"INPUT", "MODEL"} and _SHORT.match(stuck.rest)
    return _COMMENT if begins or stuck.token.value == "//" else None


def _behind(stuck: Stuck) -> str | None:
    """`relu  // a comment`, `relu  -- a comment`, `relu  % a comment`, `relu  /* a comment */`."""
    if stuck.token.value.startswith("*") and stuck.near.endswith("/"):
        return _COMMENT
    in_list = bool(stuck.open) and stuck.open[-1].kind != "LBRACE"
    word = stuck.lacks_comma or (stuck.token.value.isalpha() and not in_list)
    return _COMMENT if word and re.search(r"(^|\s)(//|--|%)\s", stuck.near) else None


REMARKS: tuple[Callable[[Stuck], str | None], ...] = (_alone, _behind)
