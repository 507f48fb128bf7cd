"""PyTorch's `.pt` and `.pth` files: a zip archive with a pickle and one plain member per storage (torch >= 1.6)."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from specc.weights.archive import entries, member, plain_start
from specc.weights.pickles import StateDict, View, load_pickle
from specc.weights.stored import MAX_HEADER, element_count, read_exactly, read_range, to_float32
from specc.weights.tensors import FeatureOrder, Float32, Tensor, Unreadable, Weights, noted_order, wrapping

_LEGACY: Final = (b"\x80\x02\x8a\nl\xfc\x9cF\xf9", b"\x80\x02")
_TRAINING: Final = re.compile("optim|sched|scaler|loss|metric|rng", re.IGNORECASE)
"""Keys of checkpoints under which tensors are kept that are none of the model's."""
_NESTED: Final = 8
"""How many checkpoints around a state dict are opened; a pickle may hold itself."""
_NAMED: Final = 8
"""Keys that an error names."""
_WIDTHS: Final = {"float64": 8, "int64": 8, "float32": 4, "int32": 4, "uint8": 1, "int8": 1, "bool": 1}


class _Archive(NamedTuple):
    path: Path
    root: str
    members: dict[str, zipfile.ZipInfo]


def read_pytorch(path: Path) -> Weights:
    """The state dict in a file, in its order; a tensor saved alone is named after the file.  Raises `Unreadable`."""
    archive = _open(path)
    saved = load_pickle(_pickle(archive))
    views = {path.stem: saved} if isinstance(saved, View) else _state_dict(saved)
    prefix = wrapping(views)
    features = noted_order(views.metadata if isinstance(views, StateDict) else None)
    tensors = {name[len(prefix) :]: _tensor(archive, name, view, features) for name, view in views.items()}
    return Weights(tensors)


def _open(path: Path) -> _Archive:
    with path.open("rb") as stream:
        start = stream.read(300)
    if start.startswith(_LEGACY) or start[257:262] == b"ustar":
        raise Unreadable("PyTorch before 1.6 wrote it; load it there and save it again with a newer one")
    members = entries(path)
    roots = [name.removesuffix("data.pkl") for name in members if name.endswith("/data.pkl")]
    if len(roots) != 1:
        raise Unreadable("the archive holds no PyTorch data")
    if any(name.startswith(roots[0] + "code/") for name in members):
        raise Unreadable("it is a TorchScript program; save the module's `state_dict()` instead")
    return _Archive(path, roots[0], members)


def _pickle(archive: _Archive) -> bytes:
    for name, limit in (("byteorder", 16), ("data.pkl", MAX_HEADER)):
        info = archive.members.get(archive.root + name)
        if info is None:
            continue
        if info.file_size > limit:
            raise Unreadable(f"its {name} takes {info.file_size} bytes")
        with member(archive.path, info) as stream:
            data = bytes(read_exactly(stream, info.file_size))
        if name == "byteorder" and data != b"little":
            raise Unreadable("it was written on a big-endian machine")
    return data


def _state_dict(saved: Any) -> dict[str, View]:
    """The named tensors in a state dict, or in the checkpoint around it, which may hold other things."""
    found = list(_state_dicts(saved, "", set(), 0))
    if len(found) > 1:
        keys = ", ".join(f"`{key}`" for key, _ in found[:_NAMED])
        save = f"torch.save(checkpoint[{found[0][0].split('.')[0]!r}], 'model.pt')"
        raise Unreadable(f"it holds {len(found)} state dicts, {keys}; save the one that is meant: {save}")
    if found:
        return found[0][1]
    keys = ", ".join(f"`{key!s:.40}`" for key in list(saved)[:_NAMED]) if isinstance(saved, dict) else ""
    raise Unreadable(f"it holds no state dict; its keys are {keys}" if keys else "it holds no state dict")


def _state_dicts(saved: Any, path: str, seen: set[int], depth: int) -> Iterator[tuple[str, dict[str, View]]]:
    """Every state dict in a checkpoint, once, with the keys that lead to it.  Tensors beside a state dict are numbers
    of the training, such as the best accuracy."""
    if not isinstance(saved, dict) or id(saved) in seen or depth > _NESTED:
        return
    seen.add(id(saved))
    inner = [(key, value) for key, value in saved.items() if isinstance(key, str) and not _TRAINING.search(key)]
    nested = [
        found
        for key, value in inner
        for found in _state_dicts(value, f"{path}.{key}" if path else key, seen, depth + 1)
    ]
    views = {name: value for name, value in saved.items() if isinstance(name, str) and isinstance(value, View)}
    if nested:
        yield from nested
    elif views and (not depth or any(view.shape for view in views.values())):
        made = StateDict(views)
        made.metadata = saved.metadata if isinstance(saved, StateDict) else None
        yield path, made


def _tensor(archive: _Archive, name: str, view: View, features: FeatureOrder) -> Tensor:
    info = archive.members.get(f"{archive.root}data/{view.storage.key}")
    width = _WIDTHS.get(view.storage.dtype, 2)
    if info is None or info.file_size != view.storage.elements * width:
        raise Unreadable(f"the values of tensor `{name}` are missing or cut off")
    if view.offset + _extent(view) > view.storage.elements:
        raise Unreadable(f"tensor `{name}` reaches beyond its values")
    if _extent(view) > 4 * element_count(view.shape):
        raise Unreadable(f"tensor `{name}` is a thin slice of another; save a copy of it")
    start = plain_start(archive.path, info) + view.offset * width
    load = partial(_load, archive.path, start, width, view)
    return Tensor(view.shape, load, view.storage.dtype, features=features)


def _extent(view: View) -> int:
    """The number of elements from a view's first to its last."""
    if 0 in view.shape:
        return 0
    return 1 + sum((size - 1) * stride for size, stride in zip(view.shape, view.strides, strict=True))


def _load(path: Path, start: int, width: int, view: View) -> Float32:
    flat = to_float32(read_range(path, start, _extent(view) * width), view.storage.dtype)
    if not flat.size:
        return np.zeros(view.shape, dtype=np.float32)
    return as_strided(flat, view.shape, [stride * 4 for stride in view.strides], writeable=False)
