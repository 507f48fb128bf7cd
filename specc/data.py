"""Where the files are that specc brings along: inside the package (a wheel) or beside it (a checkout)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def grammar_file() -> Path:
    """The path of `specc.lark`."""
    return folder("grammar") / "specc.lark"


def specs_folder() -> Path:
    """The folder of the bundled specs: `lecture/`, `zoo/` and `lib/`."""
    return folder("specs")


@cache
def folder(name: str) -> Path:
    """The data folder `name`.  Raises FileNotFoundError for a broken installation."""
    for candidate in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"specc is installed without its folder {name!r}; install it again")
