"""What a run gives: files of outputs, written as they come, and a classifier's best answers."""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, BinaryIO, Literal, Protocol, TypeAlias

import numpy as np

from specc.files import atomic

Array: TypeAlias = np.ndarray[Any, Any]
Labels: TypeAlias = Mapping[str, Sequence[str]]
Format: TypeAlias = Literal["npz", "json", "jsonl", "csv"]

Objects: TypeAlias = Callable[[Sequence[str], Mapping[str, Array]], Iterator[str]]
"""The texts of an object in JSON for each item."""


class Unequal(ValueError):
    """Results of different sizes, which the format cannot hold; the text says which."""


class Sink(Protocol):
    """Where results go, a batch at a time in the order of the inputs; `finish` ends what is written."""

    def add(self, sources: Sequence[str], results: Mapping[str, Array]) -> None:
        """Take the results (by name, batch first) of one item for each source."""

    def finish(self) -> None:
        """Write what stands behind the last item."""


@dataclass(frozen=True)
class Answer:
    """One of the best classes for an item: its index, label (the index as text without labels) and score."""

    index: int
    label: str
    score: float


def top_k(scores: Array, k: int, labels: Sequence[str] | None = None) -> list[list[Answer]]:
    """The `k` highest of each item's scores (batch, classes), highest first, ties by index."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return [
        [Answer(int(i), labels[i] if labels else str(i), float(row[i])) for i in best]
        for row, best in zip(scores, order, strict=True)
    ]


def not_finite(results: Mapping[str, Array]) -> list[int]:
    """Which items have some result that is NaN or infinite."""
    broken = [~np.isfinite(array.reshape(len(array), -1)).all(axis=1) for array in results.values()]
    return [int(item) for item in np.flatnonzero(np.any(broken, axis=0))]


@contextmanager
def output_file(path: Path, kind: Format, labels: Labels | None = None) -> Iterator[Sink]:
    """A sink into the file at `path`, which appears whole when the block ends without an exception.

    `labels` are the names of an output's classes, which stand in the header of .csv.
    Raises `OSError`, and `Unequal` where .npz or .csv gets results of several sizes.
    """
    with atomic(path) as file, ExitStack() as stack:
        if kind == "npz":
            sink: Sink = stack.enter_context(_archive(file, path.resolve().parent))
        else:
            sink = text_sink(kind, lambda text: file.write(text.encode()), labels)
        yield sink
        sink.finish()


def _objects(sources: Sequence[str], results: Mapping[str, Array]) -> Iterator[str]:
    for i, source in enumerate(sources):
        outputs = {name: _plain(array[i]) for name, array in results.items()}
        yield json.dumps({"source": source, "outputs": outputs}, ensure_ascii=False)


@dataclass
class JsonLines:
    """Each item an object on a line of its own, its source and its outputs as nested lists; what is not finite is
    null."""

    write: Callable[[str], object]
    objects: Objects = _objects

    def add(self, sources: Sequence[str], results: Mapping[str, Array]) -> None:
        for text in self.objects(sources, results):
            self.write(f"{text}\n")

    def finish(self) -> None:
        """Nothing stands behind the last line."""


@dataclass
class JsonList:
    """A list of what `JsonLines` writes, an item on a line."""

    write: Callable[[str], object]
    before: str = "["
    objects: Objects = _objects

    def add(self, sources: Sequence[str], results: Mapping[str, Array]) -> None:
        for text in self.objects(sources, results):
            self.write(f"{self.before}\n {text}")
            self.before = ","

    def finish(self) -> None:
        self.write("[]\n" if self.before == "[" else "\n]\n")


@dataclass
class Csv:
    """One row per item: its source and every value, in columns `name`, `name[1,2]` or, with labels, `name[cat]`."""

    write: Callable[[str], object]
    labels: Labels = field(default_factory=dict)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def add(self, sources: Sequence[str], results: Mapping[str, Array]) -> None:
        writer = csv.writer(SimpleNamespace(write=self.write), lineterminator="\n")
        if not self.shapes:
            columns = (
                column for name, array in results.items() for column in _columns(name, array, self.labels.get(name))
            )
            writer.writerow(["source", *columns])
        _same(self.shapes, results)
        for i, source in enumerate(sources):
            values = (repr(value) for array in results.values() for value in array[i].ravel().tolist())
            writer.writerow([source, *values])

    def finish(self) -> None:
        """Nothing stands behind the last row."""


def text_sink(kind: Format, write: Callable[[str], object], labels: Labels | None = None) -> Sink:
    """A sink that writes the text of a format other than .npz."""
    if kind == "csv":
        return Csv(write, labels or {})
    return JsonList(write) if kind == "json" else JsonLines(write)


@dataclass
class _Archive:
    """A NumPy archive: values wait in a nameless file for each output, since their number stands before them."""

    target: BinaryIO
    spool: Callable[[], IO[bytes]]
    sources: list[str] = field(default_factory=list)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    values: dict[str, tuple[np.dtype[Any], IO[bytes]]] = field(default_factory=dict)

    def add(self, sources: Sequence[str], results: Mapping[str, Array]) -> None:
        _same(self.shapes, results)
        self.sources.extend(sources)
        for name, array in results.items():
            if name not in self.values:
                self.values[name] = array.dtype, self.spool()
            self.values[name][1].write(np.ascontiguousarray(array).data)

    def finish(self) -> None:
        with zipfile.ZipFile(self.target, "w", zipfile.ZIP_STORED) as archive:
            if "sources" not in self.values:
                names = np.array(self.sources)
                with archive.open(_entry("sources", names.nbytes), "w") as entry:
                    np.lib.format.write_array(entry, names, allow_pickle=False)
            for name, (dtype, spool) in self.values.items():
                with archive.open(_entry(name, spool.tell()), "w") as entry:
                    _write_header(entry, dtype, (len(self.sources), *self.shapes[name]))
                    spool.seek(0)
                    shutil.copyfileobj(spool, entry, 1 << 20)


@contextmanager
def _archive(target: BinaryIO, folder: Path) -> Iterator[_Archive]:
    """An archive whose values wait in `folder`, or in the system's one for temporary files."""
    place = folder if os.access(folder, os.W_OK) else None
    with ExitStack() as stack:
        yield _Archive(target, lambda: stack.enter_context(tempfile.TemporaryFile(dir=place)))


def _entry(name: str, size: int) -> zipfile.ZipInfo:
    """The entry for an array of `size` bytes; the same arrays give the same archive."""
    entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
    entry.file_size = size + 1024  # with its header: says whether the entry is one for large files
    return entry


def _write_header(file: IO[bytes], dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    description = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, description)


def _same(shapes: dict[str, tuple[int, ...]], results: Mapping[str, Array]) -> None:
    """Note the shapes of the first results; raises `Unequal` where later ones differ."""
    for name, array in results.items():
        first = shapes.setdefault(name, array.shape[1:])
        if first != array.shape[1:]:
            shown = " and ".join("x".join(map(str, shape)) for shape in sorted({first, array.shape[1:]}))
            raise Unequal(f"the results differ in size: `{name}` is {shown}")


def _columns(name: str, array: Array, labels: Sequence[str] | None) -> Iterable[str]:
    if labels and array.shape[1:] == (len(labels),):
        return [f"{name}[{label}]" for label in labels]
    if array[0].size == 1:
        return [name]
    return [f"{name}[{','.join(map(str, index))}]" for index in np.ndindex(array.shape[1:])]


def _plain(array: Array) -> Any:
    """Nested lists, with None for what is not finite."""
    if np.isfinite(array).all():
        return array.tolist()
    return np.where(np.isfinite(array), array, np.array(None, object)).tolist()
