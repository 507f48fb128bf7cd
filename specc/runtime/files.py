"""Finding the input files that a user names: files, folders, patterns."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Iterable, Mapping
from glob import glob, has_magic
from pathlib import Path
from typing import NamedTuple

from specc.diagnostics import Diagnostic
from specc.files import is_file, status

IMAGES = frozenset({".png", ".jpg", ".jpeg", ".jfif", ".webp", ".tif", ".tiff", ".gif", ".bmp"})
ARRAYS = frozenset({".npy", ".npz"})
KNOWN = "images (PNG, JPEG, WebP, TIFF, GIF, BMP) or arrays (.npy, .npz)"


class Found(NamedTuple):
    """The files that were meant, what is wrong with other names, and how many files of which suffixes folders and
    patterns have beside those."""

    files: list[Path]
    problems: tuple[Diagnostic, ...]
    passed_over: Mapping[str, int]


def find_files(names: Iterable[str]) -> Found:
    """The files meant by `names`, in their order; a folder or pattern gives its images and arrays by name, a folder
    not those of folders inside it.

    What leads to no file is E0601, what the system refuses to read E0608, a file of no known kind E0901; the other
    names still give theirs.
    """
    found: list[Path] = []
    wrong: list[Diagnostic] = []
    others: Counter[str] = Counter()
    for name in names:
        try:
            inside = _inside(name)
        except OSError as error:
            wrong.append(Diagnostic("E0608", f"cannot read {name}: {error.strerror or error}", file=name))
            continue
        if inside is None:
            problem = _single(Path(name))
            wrong.extend(problem)
            found.extend([] if problem else [Path(name)])
            continue
        known = sorted(path for path in inside if _is_known(path) and _may_be_file(path))
        found.extend(known)
        others.update(path.suffix.lower() for path in inside if _is_other(path))
        if not known:
            deeper = status(name) is not None and any(path.is_dir() for path in inside)
            hint = f"; {Path(name) / '**'} finds those in the folders inside" if deeper else ""
            wrong.append(_missing(Path(name), f"{name} has no {KNOWN}{hint}"))
    return Found(found, tuple(wrong), others)


def told(passed_over: Mapping[str, int]) -> str:
    """`passed over 3 files that are neither images nor arrays by their names: 2 .svg, 1 .txt`."""
    count = sum(passed_over.values())
    files = "a file that is" if count == 1 else f"{count} files that are"
    names = "its name" if count == 1 else "their names"
    kinds = ", ".join(f"{number} {suffix or 'without a suffix'}" for suffix, number in sorted(passed_over.items()))
    return f"passed over {files} neither image nor array by {names}: {kinds}"


def _inside(name: str) -> list[Path] | None:
    """What lies in the folder or fits the pattern called `name`; `None` for a single file.  Raises `OSError`."""
    there = status(name)
    if there is not None and stat.S_ISDIR(there.st_mode):
        return list(Path(name).iterdir())
    if there is None and has_magic(name):
        return [Path(match) for match in glob(name, recursive=True)]  # noqa: PTH207  Path.glob refuses absolute patterns
    return None


def _is_known(path: Path) -> bool:
    return path.suffix.lower() in IMAGES | ARRAYS


def _is_other(path: Path) -> bool:
    """Whether it is a file of another kind, and not a hidden one."""
    return not _is_known(path) and not path.name.startswith(".") and _may_be_file(path)


def _may_be_file(path: Path) -> bool:
    """Whether it is a regular file, as far as the system says: for others whoever reads it tells why not."""
    try:
        return is_file(path)
    except OSError:
        return True


def _single(path: Path) -> list[Diagnostic]:
    if status(path) is None:
        return [_missing(path, f"{path} does not exist")]
    if not _is_known(path):
        message = f"{path} is neither an image (.png, .jpg, .webp, .tif, .gif, .bmp) nor an array (.npy, .npz)"
        return [Diagnostic("E0901", message, file=str(path))]
    return []


def _missing(path: Path, message: str) -> Diagnostic:
    return Diagnostic("E0601", message, file=str(path))
