"""Finding the input files that a user names: files, folders, patterns."""

from __future__ import annotations

from collections.abc import Iterable
from glob import glob, has_magic
from pathlib import Path

from specc.diagnostics import Diagnostic

IMAGES = frozenset({".png", ".jpg", ".jpeg"})
ARRAYS = frozenset({".npy", ".npz"})


def find_files(names: Iterable[str]) -> tuple[list[Path], tuple[Diagnostic, ...]]:
    """The files meant by `names`, in their order; a folder or pattern gives its images and arrays by name, a folder
    not those of folders inside it.

    What leads to no file is E0601, a file of no known kind E0901; the other names still give theirs.
    """
    found: list[Path] = []
    wrong: list[Diagnostic] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = _known(path.iterdir())
        elif not path.exists() and has_magic(name):
            inside = _known(Path(match) for match in glob(name, recursive=True))  # noqa: PTH207  Path.glob refuses absolute patterns
        else:
            problem = _single(path)
            wrong.extend(problem)
            found.extend([] if problem else [path])
            continue
        found.extend(inside)
        if not inside:
            deeper = path.is_dir() and any(entry.is_dir() for entry in path.iterdir())
            hint = f"; {path / '**'} finds those in the folders inside" if deeper else ""
            wrong.append(_missing(path, f"{name} has no images (PNG, JPEG) or arrays (.npy, .npz){hint}"))
    return found, tuple(wrong)


def _known(paths: Iterable[Path]) -> list[Path]:
    return sorted(path for path in paths if path.suffix.lower() in IMAGES | ARRAYS and path.is_file())


def _single(path: Path) -> list[Diagnostic]:
    if not path.exists():
        return [_missing(path, f"{path} does not exist")]
    if path.suffix.lower() not in IMAGES | ARRAYS:
        message = f"{path} is neither an image (.png, .jpg) nor an array (.npy, .npz)"
        return [Diagnostic("E0901", message, file=str(path))]
    return []


def _missing(path: Path, message: str) -> Diagnostic:
    return Diagnostic("E0601", message, file=str(path))
