"""Keras weights: `.h5` of Keras 1 and 2, `.weights.h5` and `.keras` of Keras 3.  Needs h5py, the extra `[keras]`.

Tensors keep Keras's axes here (`order="keras"`); `specc.weights.axes` turns them when the layer is known.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from specc.weights.archive import entries, plain_start
from specc.weights.stored import MAX_TENSORS, checked_shape, element_count
from specc.weights.tensors import Float32, Tensor, Unreadable, Weights, to_single

Opener = Callable[[], Any]

_MAX_VISITED: Final = 8_000
_MAX_DEPTH: Final = 12
_NO_LAYERS: Final = ("optimizer", "metrics", "compile_metrics", "seed_generator")
_ERRORS: Final = (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError)
"""What h5py raises for damaged files."""


def read_h5(path: Path) -> Weights:
    """The weights in an HDF5 file of any Keras.  Raises `Unreadable`."""
    return _read(partial(path.open, "rb"))


def read_keras(path: Path) -> Weights:
    """The weights in a `.keras` archive.  Raises `Unreadable`."""
    info = entries(path).get("model.weights.h5")
    if info is None:
        raise Unreadable("the archive holds no model.weights.h5")
    return _read(partial(_Window, path, plain_start(path, info), info.file_size))


def _read(source: Opener) -> Weights:
    with _file(source) as root:
        group = root.get("model_weights", root)
        names = list(_legacy(group)) if "layer_names" in group.attrs else None
        found = list(_walk(root, "", [0])) if names is None else [f"{group.name.strip('/')}/{n}" for n in names]
        paths = [path.lstrip("/") for path in found]
        tensors = {_short(path): _tensor(source, root, path) for path in paths}
    if not tensors:
        raise Unreadable("it holds no layer with weights")
    return Weights(tensors, None if names is not None else _by_class(list(tensors)))


@contextmanager
def _file(source: Opener) -> Iterator[Any]:
    try:
        import h5py
    except ImportError as error:
        raise Unreadable("it takes h5py, which is not installed", "E0906") from error
    try:
        with source() as stream, h5py.File(stream, "r") as root:
            yield root
    except _ERRORS as error:
        raise Unreadable(f"it is no sound HDF5 file ({str(error)[:100]})") from error


def _legacy(group: Any) -> Iterator[str]:
    """The paths of the weights of Keras 1 and 2, which list layers and weights in attributes, in order."""
    for layer in _texts(group, "layer_names"):
        for weight in _texts(group[layer], "weight_names"):
            yield f"{layer}/{weight}"


def _texts(group: Any, attribute: str) -> list[str]:
    described = group.attrs.get_id(attribute)
    if element_count(described.shape) > MAX_TENSORS or described.dtype.itemsize > 4096:
        raise Unreadable(f"its attribute {attribute} is too large")
    return [text.decode() if isinstance(text, bytes) else str(text) for text in group.attrs[attribute]]


def _walk(group: Any, path: str, visited: list[int]) -> Iterator[str]:
    """The paths of Keras 3: every dataset in a group called `vars`.  Links may form circles, hence the limits."""
    import h5py

    for name in group:
        visited[0] += 1
        if visited[0] > _MAX_VISITED or path.count("/") > _MAX_DEPTH:
            raise Unreadable("its groups are nested too deep, or there are too many")
        if name in _NO_LAYERS or not isinstance(group.get(name, getlink=True), h5py.HardLink):
            continue
        item = group[name]
        if isinstance(item, h5py.Group):
            yield from _walk(item, f"{path}/{name}", visited)
        elif path.endswith("/vars"):
            yield f"{path}/{name}"


def _by_class(names: list[str]) -> tuple[tuple[str, ...], ...]:
    """Keras 3 numbers the layers of each class in order: `conv2d`, `conv2d_1`, ...; one sequence for each class."""
    classes: dict[str, list[tuple[int, int, str]]] = {}
    for name in names:
        layer, _, index = name.rpartition("/")
        kind, number = re.fullmatch(r"(.*?)(?:_(\d{1,9}))?", layer.removesuffix("/vars"), re.DOTALL).groups()  # type: ignore[union-attr]
        classes.setdefault(kind, []).append((int(number or 0), int(index) if index.isdecimal() else 0, name))
    return tuple(tuple(name for _, _, name in sorted(members)) for members in classes.values())


def _short(path: str) -> str:
    """`conv2d/conv2d/kernel:0` is the weight `conv2d/kernel`: older versions say the layer's name twice."""
    parts = path.removeprefix("model_weights/").removesuffix(":0").split("/")
    return "/".join(part for i, part in enumerate(parts) if i == 0 or part != parts[i - 1])


def _tensor(source: Opener, root: Any, path: str) -> Tensor:
    dataset = root[path]
    shape = checked_shape(path, tuple(int(size) for size in dataset.shape))
    chunk = element_count(dataset.chunks or ())
    if dataset.external or dataset.is_virtual or chunk > max(4 * element_count(shape), 1 << 20):
        raise Unreadable(f"the values of `{path}` are not stored in the plain way")
    return Tensor(shape, partial(_load, source, path), str(dataset.dtype), "keras")


def _load(source: Opener, path: str) -> Float32:
    with _file(source) as root:
        return to_single(root[path][()])


class _Window(io.RawIOBase):
    """A part of a file, as a file."""

    def __init__(self, path: Path, start: int, size: int) -> None:
        self._stream = path.open("rb")
        self._start, self._size, self._at = start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        wanted = max(0, min(len(buffer), self._size - self._at))
        self._stream.seek(self._start + self._at)
        count = self._stream.readinto(memoryview(buffer)[:wanted])
        self._at += count
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()
