"""Named tensors that are made or read one at a time: a model's weights need never all be in memory."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Float32: TypeAlias = npt.NDArray[np.float32]
AxisOrder: TypeAlias = Literal["onnx", "keras"]
FeatureOrder: TypeAlias = Literal["", "chw!", "chw", "chw?", "hwc", "unknown"]
"""How the features of a flattened image stand: as the model has them; channel, height, width, those of sequences too,
or without them, or likely so; height, width, channel; or nobody knows."""
_WRAPPERS: Final = ("module.", "_orig_mod.")
"""Prefixes that PyTorch's `DataParallel` and `torch.compile` put before every name."""


_KERNEL: Final = re.compile(r"(^|[/.])((depthwise|pointwise)_)?kernel(:0)?$")
"""Keras's and Flax's names of weights; PyTorch's and ONNX's end in `weight`."""


class Unreadable(Exception):
    """A weights file that cannot be used: the reason, and the code of the diagnostic that `read` turns it into."""

    def __init__(self, reason: str, code: str = "E0802") -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True)
class Tensor:
    """One tensor, not yet loaded."""

    shape: tuple[int, ...]
    load: Callable[[], Float32]
    """Makes a float32 array of `shape`; may raise `Unreadable` or `OSError` where it reads a file."""
    dtype: str = "float32"
    """The element type as stored."""
    order: AxisOrder = "onnx"
    """The framework whose order of axes `shape` follows."""
    source: str = ""
    """The initialiser of an ONNX file whose values these are, in some order or form; once the file is read, what the
    exported network calls them ("" where that is not known)."""
    is_literal: bool = False
    """Whether the values stand in an ONNX file as constants, which training would leave."""
    computed_from: tuple[str, ...] = ()
    """The initialisers that the values are computed from, where they are no longer those of one."""
    recipe: Hashable = None
    """What the values are made from, where nothing else tells them: neither files nor memory, which may change."""
    form: Callable[[Any], Any] | None = None
    """What has made the values of those of `source`, where not all of these stand in their order."""
    features: FeatureOrder = ""
    """How the framework flattens images."""

    def formed(self, array: Any) -> Any:
        """What became of the initialiser `source` done to another `array` of its shape."""
        return (array if self.form is None else self.form(array)).reshape(self.shape)


def to_single(values: npt.NDArray[np.floating]) -> Float32:
    """`values` rounded to float32; what float32 cannot hold becomes infinite, which matching reports as E0803."""
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(np.float32, copy=False)


class Weights(Mapping[str, Float32]):
    """Tensors by name; `weights[name]` loads one as a C-contiguous float32 array that cannot be written to.

    `sequences` are runs of names that stand in the order of their layers: all names in one run unless told
    otherwise, none where a file's order is an accident.  `file` is the file they come from, if any.  `seeded` are the
    names of those that have been initialised under `seed`, and were neither read nor fixed in a spec.
    """

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        sequences: tuple[tuple[str, ...], ...] | None = None,
        file: str | None = None,
        *,
        seeded: Iterable[str] = (),
        seed: int = 0,
    ) -> None:
        self.tensors = dict(tensors)
        self.file = file
        self.seeded = frozenset(seeded)
        self.seed = seed
        self.sequences = (tuple(tensors),) if sequences is None else sequences

    def __getitem__(self, name: str) -> Float32:
        tensor = self.tensors[name]
        array = np.ascontiguousarray(tensor.load(), dtype=np.float32).reshape(tensor.shape).view()
        array.flags.writeable = False  # it is made or read anew each time: what were written to it would be lost
        return array

    def __contains__(self, name: object) -> bool:
        return name in self.tensors  # what Mapping would do loads the tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self.tensors)

    def __len__(self) -> int:
        return len(self.tensors)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.tensors)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor, without loading it; `KeyError` for an unknown name."""
        return self.tensors[name].shape

    def content(self) -> Hashable:
        """What is equal where names and values are.  Where a file or the caller's arrays hold the values, these are
        read for it, one tensor at a time; what cannot be read equals nothing."""
        try:
            return tuple([(name, tensor.recipe or self._digest(name)) for name, tensor in self.tensors.items()])
        except (Unreadable, OSError):
            return object()

    def frozen(self) -> Weights:
        """The same values read now, in arrays of their own that cannot be written to: `content` need not read them.

        Raises `Unreadable` and `OSError` as their files do.
        """
        tensors = {name: _unchanging(tensor, self[name].copy()) for name, tensor in self.tensors.items()}
        return Weights(tensors, self.sequences, self.file, seeded=self.seeded, seed=self.seed)

    def _digest(self, name: str) -> bytes:
        array = self[name]
        return hashlib.sha256(array.reshape(-1).view(np.uint8).data).digest()

    @classmethod
    def of(cls, arrays: Mapping[str, object]) -> Weights:
        """Weights that are in memory already: arrays, and what becomes one, as PyTorch's tensors on any device do.

        Names lose what PyTorch's wrappers put before all of them.  Raises `TypeError` for names that are no texts and
        for what is no array.
        """
        prefix = wrapping([_text(name) for name in arrays])
        features = noted_order(getattr(arrays, "_metadata", None))
        return cls(
            conventional({name[len(prefix) :]: _in_memory(name, array, features) for name, array in arrays.items()})
        )


def _unchanging(tensor: Tensor, values: Float32) -> Tensor:
    values.flags.writeable = False
    return replace(tensor, load=lambda: values, recipe=tensor.recipe or object())


def wrapping(names: Collection[str]) -> str:
    """What `DataParallel` and `torch.compile` have put before every one of `names`."""
    prefix = ""
    for wrapper in _WRAPPERS:
        if names and all(name.startswith(prefix + wrapper) for name in names):
            prefix += wrapper
    return prefix


def _text(name: object) -> str:
    if isinstance(name, str):
        return name
    raise TypeError(f"weights are arrays by the names of tensors, and {name!r} is no name")


def noted_order(metadata: object) -> FeatureOrder:
    """How a PyTorch module flattens images, by what its state dict notes of every module beside the tensors: the
    modules that specc makes for `layout=hwc` name that as their version."""
    if not isinstance(metadata, Mapping):
        return "chw?"
    versions = [about.get("version") for about in metadata.values() if isinstance(about, Mapping)]
    return "hwc" if any(version == "hwc" for version in versions if isinstance(version, str)) else "chw"


def own(tensors: Mapping[str, Tensor], layout: str) -> dict[str, Tensor]:
    """`tensors` of a spec with this `layout`, "" where that is not known: images are flattened as it does."""
    features: FeatureOrder = "hwc" if layout == "hwc" else "chw!" if layout == "chw" else ""
    return {name: replace(tensor, features=features) for name, tensor in tensors.items()}


def layout_of(weights: Weights) -> str:
    """The layout of the spec that `weights` are of, "" where that is not known."""
    orders = {tensor.features for tensor in weights.tensors.values()}
    return {"hwc": "hwc", "chw!": "chw"}.get(orders.pop(), "") if len(orders) == 1 else ""


def conventional(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`tensors` of a file that may be anyone's: Keras's where names end in `kernel`, as only its layers' do."""
    if not any(_KERNEL.search(name) for name in tensors):
        return dict(tensors)
    return {name.removesuffix(":0"): replace(tensor, order="keras") for name, tensor in tensors.items()}


def _said(value: object) -> str:
    """What `value` is that is no array of numbers."""
    dtype = getattr(value, "dtype", None)
    return f"of type `{type(value).__name__}`" if dtype is None else f"an array of {dtype}"


def _in_memory(name: str, value: Any, features: FeatureOrder) -> Tensor:
    if hasattr(value, "detach"):  # PyTorch's; NumPy has no bfloat16, and does not see other devices
        dtype = str(value.dtype).removeprefix("torch.")
        return Tensor(tuple(value.shape), lambda: value.detach().float().cpu().numpy(), dtype, features=features)
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        array = np.asarray(None)
    if array.dtype.kind in "OSUMm":
        raise TypeError(f"weights are arrays of numbers by the names of tensors, and `{name}` is {_said(value)}")
    return Tensor(array.shape, lambda: to_single(array), str(array.dtype), features="unknown")
