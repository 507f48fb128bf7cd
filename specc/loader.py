"""Reading spec files: the only file access of `specc check`."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, TypeAlias

from specc.data import located
from specc.diagnostics import Diagnostic
from specc.elaborate.values import quoted
from specc.limits import Limits, raising
from specc.source import Source

if TYPE_CHECKING:
    from pathlib import Path

StrPath: TypeAlias = "str | os.PathLike[str]"
SUFFIX = ".cnn"
_ONNX = "this is an ONNX model: `specc import {}` writes its spec"
_WEIGHTS = "these are weights: `specc weights NET.cnn --from {}` says how they fit a spec"
_IMAGE = "this is an image: `specc run NET.cnn --input {}` runs a model on it"
_ARRAY = "this is an array: `specc run NET.cnn --input {}` runs a model on it"
_BY_SUFFIX = {
    ".onnx": _ONNX,
    ".npy": _ARRAY,
    **dict.fromkeys((".npz", ".safetensors", ".pt", ".pth", ".h5", ".hdf5", ".keras"), _WEIGHTS),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".bmp"), _IMAGE),
}
_BY_BEGINNING = {
    b"\x89PNG": _IMAGE,
    b"\xff\xd8\xff": _IMAGE,
    b"\x93NUMPY": _ARRAY,
    b"\x89HDF": _WEIGHTS,
    b"PK\x03\x04": _WEIGHTS,  # the archives that PyTorch, Keras and NumPy write
}
"""What to say of a file that is no text, by its suffix or by its first bytes."""


class FileLoader:
    """Reads the spec the user named and what it imports from below that spec's folder, and bundled modules."""

    def __init__(self, root: StrPath, limits: Limits) -> None:
        self._root = _plain(root)
        self._limits = limits

    def file(self, path: str, importer: Source) -> Source | Diagnostic:
        """An imported file.  Its real path, links followed, must lie below the root."""
        if os.path.isabs(path):
            message = f"`{path}` is an absolute path"
            notes = ("an import is named from the folder of the file that it stands in",)
            return Diagnostic("E0605", message, notes=notes, help=_from_here(path, importer))
        base = os.path.dirname(importer.name) if importer.name != "-" else self._root
        target = os.path.join(base, path)
        root = os.path.realpath(self._root)
        if "\0" in path or not _inside(os.path.realpath(target), root):
            return Diagnostic(
                "E0605",
                f"`{path}` lies outside the folder of the spec",
                notes=(f"imports are read from `{self._root}` and the folders in it",),
                help="put shared blocks into that folder, or import a bundled module by its name",
            )
        return read_source(os.path.normpath(target), self._limits)

    def bundled(self, name: str) -> Source | None:
        path = located("specs", "lib", f"{name}{SUFFIX}")
        if not os.path.isfile(path):
            return None
        with open(path, encoding="utf-8") as stream:
            return Source(f"<{name}>", stream.read())

    def bundled_names(self) -> tuple[str, ...]:
        names = os.listdir(located("specs", "lib"))
        return tuple(sorted(name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)))


def read_source(path: StrPath, limits: Limits) -> Source | Diagnostic:
    """The text of a regular UTF-8 file, or the reason why there is none."""
    name = _plain(path)
    try:
        with open(name, "rb", opener=_open_without_waiting) as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if not stat.S_ISREG(mode):
                return Diagnostic("E0602", f"{name} is not a regular file", file=name)
            data = stream.read(limits.file_bytes + 1)
    except FileNotFoundError:
        return Diagnostic("E0601", f"there is no file {name}", file=name, help=_near(name))
    except IsADirectoryError:
        return Diagnostic("E0602", f"{name} is a folder", file=name, help=_inside_folder(name))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Diagnostic("E0608", f"{name} cannot be read: {reason}", file=name)
    return decode(name, data, limits)


def _plain(path: StrPath) -> str:
    """A path as `PurePath.as_posix` writes it, which takes longer to import than a short check."""
    text = os.fspath(path).replace(os.sep, "/")
    parts = [part for part in text.split("/") if part not in ("", ".")]
    return "/" * text.startswith("/") + "/".join(parts) or "."


def decode(name: str, data: bytes, limits: Limits) -> Source | Diagnostic:
    """Bytes as a source text."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end < len(data) or len(data) <= limits.file_bytes:  # not what a limit has cut in two
            return _no_text(name, data, error)
        text = ""
    if len(data) > limits.file_bytes:
        message = f"{name} is larger than {limits.file_bytes:_} bytes"
        return Diagnostic("E0704", message, file=name, help=raising("file_bytes"))
    if not text.strip("\ufeff \t\r\n"):
        return Diagnostic("E0604", f"{name} is empty", file=name, help="`specc zoo` shows complete specs to start from")
    return Source(name, text)


def _no_text(name: str, data: bytes, error: UnicodeDecodeError) -> Diagnostic:
    row = data.count(b"\n", 0, error.start) + 1
    begun = (what for beginning, what in _BY_BEGINNING.items() if data.startswith(beginning))
    what = _BY_SUFFIX.get(os.path.splitext(name)[1].lower()) or next(begun, "save the file as UTF-8")
    return Diagnostic(
        "E0603",
        f"{name} is not UTF-8 text",
        file=name,
        notes=(f"byte {error.start} (line {row}) is 0x{data[error.start]:02x}: {error.reason}",),
        help=what.format(name),
    )


def _open_without_waiting(path: str, flags: int) -> int:
    """Opening a FIFO or device must not block."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _inside(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def _from_here(path: str, importer: Source) -> str:
    """How a file that is named by its absolute path is imported, so far as it lies where it may."""
    folder = os.path.realpath(os.path.dirname(importer.name))
    if importer.name != "-" and _inside(real := os.path.realpath(path), folder):
        return f'write `import "./{_plain(os.path.relpath(real, folder))}"`'
    return "put shared blocks into the folder of the spec, and name them from there: `./blocks.cnn`"


def _near(name: str) -> str | None:
    """A file with nearly this name beside it."""
    from pathlib import Path

    from specc.diagnostics.suggest import nearest

    path = Path(name)
    names = _specs_in(path.parent)
    whole = path.name + SUFFIX
    guess = whole if whole in names else nearest(path.name, names)
    return f"did you mean `{(path.parent / guess).as_posix()}`?" if guess else None


def _inside_folder(name: str) -> str | None:
    from pathlib import Path

    names = _specs_in(Path(name))
    return f"it holds {quoted(names[:5])}{' and others' if len(names) > 5 else ''}" if names else None


def _specs_in(folder: Path) -> list[str]:
    """The names of the specs in a folder that can be read."""
    try:
        return sorted(entry.name for entry in folder.iterdir() if entry.suffix == SUFFIX)
    except OSError:
        return []
