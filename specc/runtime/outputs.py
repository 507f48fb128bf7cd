"""What a run gives: files of outputs, and a classifier's best answers."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from specc.diagnostics import Diagnostic
from specc.files import atomic

Array: TypeAlias = np.ndarray[Any, Any]
Format: TypeAlias = Literal["npz", "json", "csv"]


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


def write_outputs(
    path: Path, kind: Format, sources: Sequence[str], results: Mapping[str, Array]
) -> tuple[Diagnostic, ...]:
    """Write `results` (by name, batch first, one item per source) to `path`, whole or not at all; E0904 otherwise."""
    encode = {"npz": npz, "json": as_json, "csv": as_csv}[kind]
    try:
        with atomic(path) as file:
            file.write(encode(sources, results))
    except OSError as error:
        message = f"cannot write {path}: {error.strerror or error}"
        return (Diagnostic("E0904", message, file=str(path)),)
    return ()


def npz(sources: Sequence[str], results: Mapping[str, Array]) -> bytes:
    """A NumPy archive of the arrays, and `sources` unless an output has that name; same arrays, same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in ({"sources": np.array(sources)} | dict(results)).items():
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), entry.getvalue())
    return buffer.getvalue()


def as_json(sources: Sequence[str], results: Mapping[str, Array]) -> bytes:
    """A list of items, each with its source and its outputs as nested lists; what is not finite is null."""
    items = [
        {"source": source, "outputs": {name: _plain(array[i].tolist()) for name, array in results.items()}}
        for i, source in enumerate(sources)
    ]
    return (json.dumps(items, indent=1, ensure_ascii=False) + "\n").encode()


def as_csv(sources: Sequence[str], results: Mapping[str, Array]) -> bytes:
    """One row per item: its source and every value, in columns `name` or `name[1,2]`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["source", *(column for name, array in results.items() for column in _columns(name, array))])
    for i, source in enumerate(sources):
        writer.writerow([source, *(repr(value) for array in results.values() for value in array[i].ravel().tolist())])
    return buffer.getvalue().encode()


def _columns(name: str, array: Array) -> Iterable[str]:
    if array[0].size == 1:
        return [name]
    return [f"{name}[{','.join(map(str, index))}]" for index in np.ndindex(array.shape[1:])]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isfinite(value) else None
