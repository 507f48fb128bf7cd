"""The safetensors format (https://github.com/huggingface/safetensors#format): 8 bytes of header length, a JSON
header with each tensor's type, shape and place, then the bytes.  Headers are not trusted; files are read in parts."""

from __future__ import annotations

import json
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

from specc.weights.stored import (
    MAX_HEADER,
    MAX_TENSORS,
    checked_shape,
    element_count,
    read_exactly,
    read_range,
    to_float32,
)
from specc.weights.tensors import Float32, Tensor, Unreadable, Weights, conventional, own

_TYPES: Final[dict[str, tuple[str, int]]] = {
    "F64": ("float64", 8), "F32": ("float32", 4), "F16": ("float16", 2), "BF16": ("bfloat16", 2),
    "F8_E4M3": ("float8_e4m3", 1), "F8_E5M2": ("float8_e5m2", 1), "BOOL": ("bool", 1),
    "I64": ("int64", 8), "I32": ("int32", 4), "I16": ("int16", 2), "I8": ("int8", 1),
    "U64": ("uint64", 8), "U32": ("uint32", 4), "U16": ("uint16", 2), "U8": ("uint8", 1),
}  # fmt: skip


class _Entry(NamedTuple):
    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def read_safetensors(path: Path) -> Weights:
    """The tensors in the order of their bytes.  Raises `Unreadable`.

    Most writers sort tensors by type and name, so their order says nothing about layers.
    """
    header, data_start = _read_header(path)
    metadata = header.pop("__metadata__", {})
    if len(header) > MAX_TENSORS:
        raise Unreadable(f"it holds {len(header)} tensors")
    found = sorted((_entry(name, fields) for name, fields in header.items()), key=lambda e: (e.start, e.end))
    _check_places(found, path.stat().st_size - data_start)
    tensors = {e.name: Tensor(e.shape, partial(_load, path, data_start, e), e.dtype, features="unknown") for e in found}
    if isinstance(metadata, dict) and metadata.get("producer") == "specc":
        return Weights(own(tensors, str(metadata.get("layout", ""))))
    return Weights(conventional(tensors), ())


def _read_header(path: Path) -> tuple[dict[str, Any], int]:
    size = path.stat().st_size
    with path.open("rb") as stream:
        length = int.from_bytes(read_exactly(stream, 8), "little")
        if length > size - 8:
            raise Unreadable(f"the header claims {length} bytes, but the file has {size}")
        if length > MAX_HEADER:
            raise Unreadable(f"the header takes {length} bytes")
        text = bytes(read_exactly(stream, length))
    try:
        header = json.loads(text, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise Unreadable("the header is not JSON") from error
    if not isinstance(header, dict):
        raise Unreadable("the header is not a JSON object")
    return header, 8 + length


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Unreadable("the header names a tensor twice")
    return result


def _entry(name: str, fields: Any) -> _Entry:
    if not isinstance(fields, dict) or set(fields) != {"dtype", "shape", "data_offsets"}:
        raise Unreadable(f"the entry of tensor `{name}` cannot be read")
    if not isinstance(fields["dtype"], str) or fields["dtype"] not in _TYPES:
        raise Unreadable(f"tensor `{name}` has the unknown type {str(fields['dtype'])[:40]}")
    dtype, width = _TYPES[fields["dtype"]]
    shape = checked_shape(name, fields["shape"])
    places = checked_shape(name, fields["data_offsets"])
    if len(places) != 2 or places[1] - places[0] != element_count(shape) * width:
        raise Unreadable(f"tensor `{name}` has offsets that do not fit its shape")
    return _Entry(name, dtype, shape, *places)


def _check_places(found: list[_Entry], available: int) -> None:
    """The tensors must fill the rest of the file, each byte belonging to one."""
    for before, after in pairwise(found):
        if after.start != before.end:
            raise Unreadable(f"tensors `{before.name}` and `{after.name}` overlap or leave a gap")
    if found and found[0].start != 0:
        raise Unreadable("there is a gap before the first tensor")
    if (found[-1].end if found else 0) != available:
        raise Unreadable(f"the tensors take {found[-1].end if found else 0} bytes, but the file holds {available}")


def _load(path: Path, data_start: int, entry: _Entry) -> Float32:
    raw = read_range(path, data_start + entry.start, entry.end - entry.start)
    return to_float32(raw, entry.dtype).reshape(entry.shape)
