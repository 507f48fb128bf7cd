"""Input files as batches that fit the model, read ahead while the model runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from specc.diagnostics import Diagnostic
from specc.interpreter import bind, canonical, normalised, spoken
from specc.ir.graph import Graph, GraphInput
from specc.runtime.files import IMAGES
from specc.runtime.images import FAILURES, Array, Misfit, read_image

AHEAD = 4
"""How many files are read before they are needed."""


@dataclass(frozen=True)
class Batch:
    """Arrays for every input by name, float32, in the author's order; `sources` names each item."""

    sources: tuple[str, ...]
    arrays: dict[str, Array]


@dataclass(frozen=True)
class _Item:
    """One item of a batch: canonical arrays without the batch axis."""

    source: str
    arrays: dict[str, Array]

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        return tuple(array.shape for array in self.arrays.values())


def read_batches(
    graph: Graph, files: Sequence[Path], *, size: int = 1, resize: bool = False
) -> Iterator[tuple[Batch | None, tuple[Diagnostic, ...]]]:
    """Batches of at most `size` items from `files`, in order; items of different open sizes never share one.

    Images and uint8 arrays get the declared preprocessing, floating-point arrays are taken as they are.  An array has
    the input's shape, or that with a batch axis in front; `.npz` holds one array for each input by name.  The first
    file that does not fit (E0901) or cannot be read (E0608) ends the sequence.
    """
    batch: list[_Item] = []
    for items, diagnostics in _ahead(graph, files, resize):
        if diagnostics:
            yield None, diagnostics
            return
        for item in items:
            if batch and (len(batch) == size or batch[0].shapes != item.shapes):
                yield _batch(graph, batch)
                batch = []
            batch.append(item)
    if batch:
        yield _batch(graph, batch)


def _ahead(graph: Graph, files: Sequence[Path], resize: bool) -> Iterator[tuple[list[_Item], tuple[Diagnostic, ...]]]:
    """What each file holds; one thread reads while the caller works."""
    left, waiting = deque(files), deque[Future[tuple[list[_Item], tuple[Diagnostic, ...]]]]()
    pool = ThreadPoolExecutor(1)
    try:
        while left or waiting:
            while left and len(waiting) < AHEAD:
                waiting.append(pool.submit(_read, graph, left.popleft(), resize))
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _read(graph: Graph, path: Path, resize: bool) -> tuple[list[_Item], tuple[Diagnostic, ...]]:
    try:
        return _items(graph, path, resize), ()
    except Misfit as error:
        return [], (Diagnostic("E0901", f"{path}: {error}", file=str(path)),)
    except (*FAILURES, BadZipFile, EOFError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged, or not what its name says"
        return [], (Diagnostic("E0608", f"cannot read {path}: {reason}", file=str(path)),)


def _items(graph: Graph, path: Path, resize: bool) -> list[_Item]:
    if path.suffix.lower() == ".npz":
        return _from_npz(graph, path)
    if len(graph.inputs) != 1:
        names = ", ".join(item.name for item in graph.inputs)
        raise Misfit(f"the model has several inputs ({names}): give one .npz with an array for each")
    (item,) = graph.inputs
    if path.suffix.lower() in IMAGES:
        pixels = read_image(path, item, resize)
        return [_Item(str(path), {item.name: normalised(item, pixels[None])[0].astype(np.float32)})]
    array = _batched(graph, item, np.load(path, allow_pickle=False))
    return _split(str(path), {item.name: array})


def _from_npz(graph: Graph, path: Path) -> list[_Item]:
    with np.load(path, allow_pickle=False) as archive:
        missing = [item.name for item in graph.inputs if item.name not in archive.files]
        if missing:
            raise Misfit(f"it has no array `{missing[0]}`, only {', '.join(archive.files) or 'nothing'}")
        arrays = {item.name: _batched(graph, item, archive[item.name]) for item in graph.inputs}
    if len({len(array) for array in arrays.values()}) > 1:
        raise Misfit("its arrays differ in the number of items")
    return _split(str(path), arrays)


def _batched(graph: Graph, item: GraphInput, array: Array) -> Array:
    """The array, canonical, float32, with a batch axis."""
    rank = len(item.type.shape)
    if array.ndim not in (rank, rank - 1):
        raise Misfit(f"the shape is {list(array.shape)}, and the model takes {item.type.text(graph.layout)}")
    full = canonical(array if array.ndim == rank else array[None], graph.layout)
    if full.dtype == np.uint8:
        full = normalised(item, full)
    elif full.dtype.kind != "f":
        raise Misfit(f"the values are {full.dtype}: give uint8 pixels or float32")
    result: Array = full.astype(np.float32)
    return result


def _split(source: str, arrays: dict[str, Array]) -> list[_Item]:
    count = len(next(iter(arrays.values())))
    names = [source] if count == 1 else [f"{source}[{i}]" for i in range(count)]
    return [_Item(name, {key: array[i] for key, array in arrays.items()}) for i, name in enumerate(names)]


def _batch(graph: Graph, items: list[_Item]) -> tuple[Batch | None, tuple[Diagnostic, ...]]:
    arrays = {
        name: np.ascontiguousarray(spoken(np.stack([item.arrays[name] for item in items]), graph.layout))
        for name in items[0].arrays
    }
    _, diagnostics = bind(graph, arrays)
    if diagnostics:
        return None, diagnostics
    return Batch(tuple(item.source for item in items), arrays), ()
