"""Input files as batches that fit the model, read by several threads while the model runs."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from specc.diagnostics import Diagnostic
from specc.interpreter import bind, canonical, normalised, spoken
from specc.interpreter.fitting import fits, how_to_fit
from specc.ir.graph import Graph, GraphInput
from specc.limits import DEFAULT_LIMITS, raising
from specc.runtime.files import IMAGES
from specc.runtime.images import FAILURES, Array, Misfit, TooLarge, read_image
from specc.runtime.overlap import ordered

AHEAD = 2
"""How many files wait to be taken, beside one for each thread that reads."""


@dataclass(frozen=True)
class Batch:
    """Arrays for every input by name, float32, in the author's order; `sources` names each item, `files` is how many
    files have been read to their end since the batch before."""

    sources: tuple[str, ...]
    arrays: dict[str, Array]
    files: int


@dataclass(frozen=True)
class _Item:
    """One item of a batch: canonical arrays without the batch axis, float32 or pixels that are still to be
    preprocessed."""

    source: str
    arrays: dict[str, Array]

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        return tuple(array.shape for array in self.arrays.values())


def read_batches(
    graph: Graph,
    files: Sequence[Path],
    *,
    size: int = 1,
    resize: bool = False,
    threads: int = 1,
    pixels: int = DEFAULT_LIMITS.pixels,
) -> Generator[tuple[Batch | None, tuple[Diagnostic, ...]], None, None]:
    """Batches of at most `size` items from `files`, in order; items of different open sizes never share one.

    Images and uint8 arrays get the declared preprocessing, floating-point arrays are taken as they are.  An array has
    the input's shape, or that with a batch axis in front; `.npz` holds one array for each input by name.  In the place
    of a file that does not fit (E0901), cannot be read (E0608) or is an image of more than so many `pixels` (E0706)
    stands why, and the next ones follow.  `threads` files are read at once, and only a few before they are needed.
    """
    batch: list[_Item] = []
    finished = 0
    read = partial(_read, graph, resize=resize, pixels=pixels)
    for items, diagnostics in ordered(read, files, threads=threads, size=threads + AHEAD):
        if diagnostics:
            yield None, diagnostics
        for item in items:
            if batch and batch[0].shapes != item.shapes:
                yield _batch(graph, batch, finished), ()
                batch, finished = [], 0
            batch.append(item)
            finished += item is items[-1]
            if len(batch) == size:
                yield _batch(graph, batch, finished), ()
                batch, finished = [], 0
    if batch:
        yield _batch(graph, batch, finished), ()


def _read(graph: Graph, path: Path, resize: bool, pixels: int) -> tuple[list[_Item], tuple[Diagnostic, ...]]:
    try:
        items = _items(graph, path, resize, pixels)
        _fit(graph, items)
    except Misfit as error:
        return [], (Diagnostic("E0901", f"{path}: {error}", help=error.help),)
    except TooLarge as error:
        help = raising("pixels")
        return [], (Diagnostic("E0706", f"{path}: {error}", help=help),)
    except (*FAILURES, BadZipFile, EOFError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged, or not what its name says"
        return [], (Diagnostic("E0608", f"cannot read {path}: {reason}"),)
    return items, ()


def _fit(graph: Graph, items: list[_Item]) -> None:
    """Raises `Misfit` where the sizes are none that the model takes: those of the first item, since all are equal."""
    if not items:
        raise Misfit("it holds no items")
    _, diagnostics = bind(graph, {n: spoken(array[None], graph.layout) for n, array in items[0].arrays.items()})
    if diagnostics:
        raise Misfit(diagnostics[0].message)


def _items(graph: Graph, path: Path, resize: bool, pixels: int) -> list[_Item]:
    if path.suffix.lower() == ".npz":
        return _from_npz(graph, path)
    if len(graph.inputs) != 1:
        names = ", ".join(item.name for item in graph.inputs)
        raise Misfit(f"the model has several inputs ({names}): give one .npz with an array for each")
    (item,) = graph.inputs
    if path.suffix.lower() in IMAGES:
        return [_Item(str(path), {item.name: _prepared(item, read_image(path, item, resize, pixels))})]
    # mapped into memory: an archive of many images is read item by item
    with _numbers_alone():
        loaded = np.load(path, mmap_mode="r", allow_pickle=False)
    return _split(str(path), {item.name: _batched(graph, item, loaded)})


def _from_npz(graph: Graph, path: Path) -> list[_Item]:
    with np.load(path, allow_pickle=False) as archive:
        missing = [item.name for item in graph.inputs if item.name not in archive.files]
        if missing:
            raise Misfit(f"it has no array `{missing[0]}`, only {', '.join(archive.files) or 'nothing'}")
        inputs = [item.name for item in graph.inputs]
        surplus = [name for name in archive.files if name not in inputs]
        if surplus:
            of = f"only input is `{inputs[0]}`" if len(inputs) == 1 else f"inputs are {', '.join(inputs)}"
            raise Misfit(f"it has an array `{surplus[0]}`, and the model's {of}")
        with _numbers_alone():
            loaded = {item.name: archive[item.name] for item in graph.inputs}
    arrays = {item.name: _batched(graph, item, loaded[item.name]) for item in graph.inputs}
    if len({len(array) for array in arrays.values()}) > 1:
        raise Misfit("its arrays differ in the number of items")
    return _split(str(path), arrays)


@contextmanager
def _numbers_alone() -> Iterator[None]:
    """Raises `Misfit` where what NumPy is to load in the block are pickled objects."""
    try:
        yield
    except ValueError as error:
        if any(said in str(error) for said in ("objects in dtype", "Object arrays")):
            raise Misfit("its values are Python objects, which are never loaded: give an array of numbers") from error
        raise


def _batched(graph: Graph, item: GraphInput, array: Array) -> Array:
    """The array, canonical, with a batch axis."""
    rank, wanted = len(item.type.shape), item.type.spoken(graph.layout)
    batch = array if array.ndim == rank else array[None]
    if 0 not in array.shape and not fits(wanted, batch.shape):
        given = "x".join(map(str, array.shape)) or "that of a single number"
        message = f"the shape is {given}, and the model takes {item.type.text(graph.layout)}"
        raise Misfit(message, how_to_fit(item, array.shape, graph.layout))
    if array.dtype != np.uint8 and array.dtype.kind != "f":
        raise Misfit(f"the values are {array.dtype}: give uint8 pixels or float32")
    return canonical(batch, graph.layout)


def _split(source: str, arrays: dict[str, Array]) -> list[_Item]:
    count = len(next(iter(arrays.values())))
    names = [source] if count == 1 else [f"{source}[{i}]" for i in range(count)]
    return [_Item(name, {key: array[i] for key, array in arrays.items()}) for i, name in enumerate(names)]


def _batch(graph: Graph, items: list[_Item], files: int) -> Batch:
    arrays = {}
    for item in graph.inputs:
        together = np.stack([_ready(item, one.arrays[item.name]) for one in items])
        arrays[item.name] = np.ascontiguousarray(spoken(together, graph.layout))
    return Batch(tuple(one.source for one in items), arrays, files)


def ready(graph: Graph, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Batches by input name, in the author's order, as the graph takes them: what is uint8 gets the declared
    preprocessing, everything else is float32 already."""
    found = dict(arrays)
    for item in graph.inputs:
        if found[item.name].dtype == np.uint8:
            together = np.stack([_prepared(item, one) for one in canonical(found[item.name], graph.layout)])
            found[item.name] = np.ascontiguousarray(spoken(together, graph.layout))
    return found


def _ready(item: GraphInput, array: Array) -> Array:
    """One item in float32, preprocessed where it is pixels."""
    return _prepared(item, array) if array.dtype == np.uint8 else _as_float32(array)


def _as_float32(array: Array) -> Array:
    result: Array = array.astype(np.float32, copy=False)
    return result


def _prepared(item: GraphInput, pixels: Array) -> Array:
    """The preprocessed pixels (channels, sizes...) in float32; 8-bit ones by looking each of the 256 values up."""
    if pixels.dtype != np.uint8:
        return _as_float32(normalised(item, pixels[None])[0])
    every = np.broadcast_to(np.arange(256, dtype=np.uint8), (1, len(pixels), 256))
    table = _as_float32(normalised(item, every)[0])
    result = np.empty((len(pixels), pixels[0].size), np.float32)
    for values, channel, answers in zip(table, pixels.reshape(result.shape), result, strict=True):
        np.take(values, channel, out=answers, mode="clip")  # without a mode, `out` is written by way of a copy
    return result.reshape(pixels.shape)
