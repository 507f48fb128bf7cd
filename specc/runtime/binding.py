"""Runs with memory on the device that stays there from batch to batch: one copy there, one copy back, and no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass
class Bound:
    """The memory of a session's inputs on `device` ("cuda"), used again for every batch of the same shapes.  `runtime`
    is the module onnxruntime, `handle` its session."""

    runtime: Any
    handle: Any
    device: str
    held: dict[str, _Placed] = field(default_factory=dict)
    busy: Lock = field(default_factory=Lock)

    def run(self, outputs: Sequence[str], feeds: Mapping[str, Array]) -> list[Array]:
        """The values of `outputs` in that order.  Raises what ONNX Runtime raises."""
        with self.busy:
            binding = self.handle.io_binding()
            for name, array in feeds.items():
                binding.bind_ortvalue_input(name, self._put(name, np.ascontiguousarray(array)))
            for name in outputs:
                binding.bind_output(name, self.device)
            self.handle.run_with_iobinding(binding)
            found: list[Array] = binding.copy_outputs_to_cpu()
            return found

    def _put(self, name: str, array: Array) -> Any:
        """`array` as a value on the device."""
        placed = self.held.get(name)
        if placed is None or placed.kind != (array.shape, array.dtype):
            room = self.runtime.OrtValue.ortvalue_from_shape_and_type(array.shape, array.dtype, self.device, 0)
            placed = self.held[name] = _Placed((array.shape, array.dtype), room)
        placed.value.update_inplace(array)
        return placed.value


@dataclass(frozen=True)
class _Placed:
    """Memory on the device for arrays of one shape and element type."""

    kind: tuple[tuple[int, ...], np.dtype[Any]]
    value: Any
