"""Where the files are that specc brings along: inside the package (a wheel) or beside it (a checkout)."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PACKAGE = os.path.dirname(os.path.realpath(__file__))


def grammar_file() -> Path:
    """The path of `specc.lark`."""
    from pathlib import Path  # which checks get along without: it takes longer to import than a short one

    return Path(located("grammar", "specc.lark"))


def specs_folder() -> Path:
    """The folder of the bundled specs: `lecture/`, `zoo/` and `lib/`."""
    from pathlib import Path

    return Path(located("specs"))


def located(folder: str, *names: str) -> str:
    """The path of a data folder, or of what `names` lead to in it.

    Raises FileNotFoundError for a broken installation.
    """
    return os.path.join(_folder(folder), *names)


@cache
def _folder(name: str) -> str:
    for candidate in (os.path.join(_PACKAGE, "_data", name), os.path.join(os.path.dirname(_PACKAGE), name)):
        if os.path.isdir(candidate):
            return candidate
    raise FileNotFoundError(f"specc is installed without its folder {name!r}; install it again")
