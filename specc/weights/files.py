"""Weights files by suffix.  None of the readers trusts what a file claims, and none executes anything from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from specc.diagnostics import Diagnostic
from specc.files import is_file, status
from specc.weights.archive import entries
from specc.weights.keras import read_h5, read_keras
from specc.weights.npz import read_npy, read_npz
from specc.weights.pytorch import read_pytorch
from specc.weights.safetensors import read_safetensors
from specc.weights.stored import MAX_HEADER
from specc.weights.tensors import Unreadable, Weights

Reader: TypeAlias = Callable[[Path], Weights]

READERS: Final[dict[str, Reader]] = {
    ".npz": read_npz,
    ".npy": read_npy,
    ".safetensors": read_safetensors,
    ".pt": read_pytorch,
    ".pth": read_pytorch,
    ".h5": read_h5,
    ".keras": read_keras,
}


_MAGICS: Final[tuple[tuple[bytes, Reader], ...]] = (
    (b"\x93NUMPY", read_npy),
    (b"\x89HDF\r\n\x1a\n", read_h5),
    (b"\x80\x02", read_pytorch),
)
"""How files of one kind begin; zip archives and safetensors need a second look."""


def read(path: Path, readers: Mapping[str, Reader] = READERS) -> tuple[Weights | None, tuple[Diagnostic, ...]]:
    """The tensors of a weights file, not yet loaded, or why there are none.

    `readers` are the formats by suffix; a caller may add to `READERS`, as the pipeline does for ONNX.  Of a file with
    another suffix the content says what it is.
    E0601 and E0602 for a path that leads to no file, E0608 where the system refuses, E0906 where h5py is missing for
    a Keras file, E0802 for a file that is of no known format, damaged, or not what it claims.
    """
    try:
        if status(path) is None:
            return None, (Diagnostic("E0601", f"`{path}` does not exist", file=str(path)),)
        if not is_file(path):
            return None, (Diagnostic("E0602", f"`{path}` is not a regular file", file=str(path)),)
    except OSError as error:
        return None, (_refused(path, error),)
    try:
        reader = readers.get(path.suffix.lower()) or _by_content(path)
        if reader is None:
            known = ", ".join(readers)
            return None, (unreadable(path, f"its suffix is none of {known}, and its content that of none"),)
        found = reader(path)
        return Weights(found.tensors, found.sequences, str(path)), ()
    except Unreadable as error:
        return None, (unreadable(path, str(error), error.code),)
    except OSError as error:
        return None, (_refused(path, error),)


def _refused(path: Path, error: OSError) -> Diagnostic:
    return Diagnostic("E0608", f"cannot read `{path}`: {error.strerror or error}", file=str(path))


def _by_content(path: Path) -> Reader | None:
    """The reader of a file whose suffix says nothing: `.ckpt`, `.pth.tar`, `.bin`."""
    with path.open("rb") as stream:
        start = stream.read(300)
    for magic, reader in _MAGICS:
        if start.startswith(magic):
            return reader
    if start.startswith(b"PK\x03\x04"):
        members = entries(path)
        if "model.weights.h5" in members:
            return read_keras
        return read_npz if all(name.endswith(".npy") for name in members) else read_pytorch
    return read_safetensors if start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= MAX_HEADER else None


def unreadable(path: Path, reason: str, code: str = "E0802") -> Diagnostic:
    """Why `path` cannot be used as weights, on one line."""
    line = "".join(char if char.isprintable() else " " for char in reason)
    install = "pip install specc[keras]" if code == "E0906" else None
    return Diagnostic(code, f"cannot read weights from `{path.name}`: {line}", help=install, file=str(path))
