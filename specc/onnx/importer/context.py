"""What a rule works with: the graph in the making, and what is known of every ONNX tensor so far."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isclose, prod
from typing import Final

import numpy as np

from specc.dims import Dim
from specc.ir.build import GraphBuilder, output_names
from specc.ir.graph import Node
from specc.onnx.importer.state import State
from specc.onnx.importer.values import Array, Decline, Known, Live, Moved, Pending, Step, Value, mapped
from specc.ops.axes import axis_name, spoken_axes
from specc.ops.base import Op
from specc.ops.learned import Learned
from specc.ops.matmul import MatMul
from specc.ops.merge_base import Merge
from specc.ops.ordered import Ordered
from specc.ops.shape import Reshape, Transpose
from specc.ops.split import Split
from specc.ops.windowed import Windowed
from specc.types import SPATIAL_NAMES, TensorType, speak
from specc.weights.tensors import Tensor

SINGLE: Final = 1e-6


@dataclass
class Context:
    """The state of one import.  Rules ask for operands in the form they need, and raise `Decline` without them."""

    builder: GraphBuilder
    opset: int
    own: bool = False
    """Whether specc wrote the file."""
    has_literals: bool = True
    """Whether the file's Constant nodes hold what is not trained."""
    state: State = field(default_factory=State)
    """Which of the file's constants are the network's own."""
    values: dict[str, Value] = field(default_factory=dict)
    makers: dict[str, Step] = field(default_factory=dict)
    """The step that made each tensor."""
    nodes: dict[str, Node] = field(default_factory=dict)
    """The node that made each value."""
    weights: dict[str, dict[str, Tensor]] = field(default_factory=dict)
    """By node name, the node's tensors by their names within it."""
    reordered: dict[tuple[str, tuple[int, ...]], list[str]] = field(default_factory=dict)
    """By a value and the order of its axes behind the batch, the values that hold it so."""
    sequences: dict[str, list[Live]] = field(default_factory=dict)
    """The parts of values that were split into a sequence, by its name."""
    counted: dict[str, str] = field(default_factory=dict)
    """Values that are positions, and the tensors in which they are counted through all channels and items."""
    batch: int | None = None
    """The batch size that the file fixes, which the spec leaves open."""
    feeds: Mapping[str, Array] = field(default_factory=dict)
    """Arrays for inputs: what rules need as constants is taken from them (see `specc.conformance`)."""
    folded: int = 0
    """Elements of the constants computed so far."""
    moved: dict[tuple[Op, tuple[str, ...]], tuple[str, ...]] = field(default_factory=dict)
    """What nodes that only move elements made, by these and their operands: it is not made twice."""
    numbered: set[str] = field(default_factory=set)
    """Values whose axes are positions of nothing: rows of tokens, matrices, heads.  A spec calls them by number."""
    has_signals: bool = True
    """Whether layers of the file slide a window along a single axis, so that it may be a signal's length."""
    lifted: bool = False
    """Whether every tensor stands for an item of a batch of one: its own first axis is then no batch."""
    tolerance: float = SINGLE
    """How far the file's numbers may be from those of a pattern, for rounding to its element type."""

    # -- operands --------------------------------------------------------------------------------------------------

    def value(self, step: Step, index: int) -> Value:
        name = step.operand(index)
        if not name:
            raise Decline(f"its input {index + 1} is missing")
        found = self.values.get(name)
        if found is None:
            raise Decline(f"it reads `{name}`, which nothing makes")
        if isinstance(found, Pending):
            raise Decline(found.why, found)
        return found

    def live(self, step: Step, index: int = 0) -> Live:
        """An operand that is computed."""
        found = self.value(step, index)
        if isinstance(found, Live):
            return found
        if isinstance(found, Moved):
            raise Decline("it reads a value whose batch is not the first axis")
        empty = isinstance(found, Known) and not found.elements
        raise Decline(f"its input {index + 1} {'has no elements' if empty else 'is a constant'}")

    def known(self, step: Step, index: int) -> Known:
        """An operand that is constant."""
        found = self.value(step, index)
        if isinstance(found, Live) and step.operand(index) in self.feeds:
            return Known.of(self.feeds[step.operand(index)])
        if isinstance(found, Live | Moved):
            raise Decline(f"its input {index + 1} is not constant")
        assert isinstance(found, Known)
        return found

    def optional(self, step: Step, index: int) -> Known | None:
        """A constant operand, or `None` where it is absent."""
        return self.known(step, index) if step.operand(index) else None

    def sizes(self, step: Step, index: int) -> list[Dim] | None:
        """A constant operand as a list of sizes, some of them perhaps open; `None` where it is absent."""
        found = self.optional(step, index)
        return None if found is None else as_sizes(found)

    def integers(self, step: Step, index: int, key: str) -> tuple[int, ...] | None:
        """Integers that are an attribute in one opset and an input in another."""
        sizes = self.sizes(step, index)
        if sizes is None:
            return step.integers(key)
        if not all(isinstance(size, int) for size in sizes):
            raise Decline(f"its {key} depend on an open size")
        return tuple(size for size in sizes if isinstance(size, int))

    def scalar(self, step: Step, index: int) -> float | None:
        """A constant operand that is one number; `None` where it is absent."""
        found = self.optional(step, index)
        return None if found is None else single(found)

    # -- shapes and layouts ----------------------------------------------------------------------------------------

    def type(self, value: Live) -> TensorType:
        return self.builder.types[value.value]

    def shape(self, value: Live) -> tuple[Dim, ...]:
        """The shape of the ONNX tensor, without the batch of one where everything is lifted."""
        shape = speak(self.type(value).shape, "hwc" if value.last else "chw")
        return shape[1:] if self.lifted else shape

    def axis(self, value: Live, axis: int) -> int:
        """The canonical index of an ONNX axis; raises `Decline` for the batch."""
        rank = len(self.shape(value))
        index = axis + rank if axis < 0 else axis
        if not 0 <= index < rank:
            raise Decline(f"axis {axis} is out of range")
        if self.lifted:
            return index + 1
        if index == 0:
            raise Decline("it works across the batch")
        if not value.last:
            return index
        return 1 if index == rank - 1 else index + 1

    def axis_argument(self, value: Live, index: int) -> str | int:
        """How a spec calls the canonical axis `index`."""
        rank = self.type(value).rank
        if self.is_numbered(value.value):
            return -1 if index == rank else index - 1
        if index == 1 or rank - 1 in SPATIAL_NAMES:
            return axis_name(index, rank)
        return spoken_axes(rank, self.builder.layout).index(index)

    def is_numbered(self, value: str) -> bool:
        """Whether a spec calls the axes of a value by number."""
        return value in self.numbered or self.is_matrix(value)

    def is_matrix(self, value: str) -> bool:
        """Whether a value of two axes is rows and columns rather than channels along a length."""
        return (
            not (self.own or self.has_signals) and self.builder.layout == "chw" and self.builder.types[value].rank == 2
        )

    def first(self, step: Step, index: int = 0) -> str:
        """The value that has the ONNX tensor's axes in canonical order: channels are its second axis."""
        live = self.live(step, index)
        return self.permuted(step, live.value, self.otherwise(live)) if live.last else live.value

    def spoken(self, step: Step, index: int = 0) -> str:
        """The value that a spec would write with the ONNX tensor's axes."""
        return self.spoken_value(step, self.live(step, index))

    def spoken_value(self, step: Step, live: Live) -> str:
        if live.last == (self.builder.layout == "hwc") or self.type(live).rank < 2:
            return live.value
        return self.permuted(step, live.value, self.otherwise(live))

    def otherwise(self, live: Live) -> tuple[int, ...]:
        """The canonical axes of the value in the order in which it is the same ONNX tensor read in the other layout."""
        rank = self.type(live).rank
        return (*range(2, rank + 1), 1) if live.last else (rank, *range(1, rank))

    def in_one_order(self, step: Step, values: list[Live]) -> list[Live]:
        """The same values as the author of a spec would see them, transposed where they lie otherwise."""
        last = self.builder.layout == "hwc"
        return [Live(self.spoken_value(step, value), last and self.type(value).rank > 1) for value in values]

    def permuted(self, step: Step, value: str, axes: tuple[int, ...]) -> str:
        """`value` with its canonical axes behind the batch in another order, as a new node."""
        layout = self.builder.layout
        written = spoken_axes(len(axes), layout)
        wanted = axes if layout == "chw" or len(axes) < 2 else (*axes[1:], axes[0])
        order = tuple(written.index(axis) for axis in wanted)
        if order == tuple(range(len(order))):
            return value
        result = self.add(step, Transpose(order=order, layout=layout), value, part="transpose")
        self.reordered.setdefault((value, axes), []).append(result)
        return result

    def per_channel(self, constant: Known, value: Live) -> Tensor | None:
        """A constant that broadcasts over all but the channels, as one number for each; else `None`."""
        kind = self.type(value)
        rank, shape = len(self.shape(value)), constant.shape
        if self.lifted or len(shape) > rank:
            return None
        full = (1,) * (rank - len(shape)) + shape
        channels = full[-1] if value.last else full[1] if rank > 1 else 0
        if not isinstance(kind.channels, int) or channels != kind.channels or prod(full) != channels:
            return None
        return mapped(constant.tensor, (channels,))

    def per_element(self, constant: Known, value: Live) -> Tensor | None:
        """A constant that broadcasts over the batch alone, in the canonical shape of an item; else `None`."""
        sizes = tuple(size for size in self.shape(value)[0 if self.lifted else 1 :] if isinstance(size, int))
        behind = constant.shape if self.lifted or len(constant.shape) <= len(sizes) else constant.shape[1:]
        if len(sizes) != self.type(value).rank or constant.elements != prod(behind) or len(sizes) < 2:
            return None
        full = (1,) * (len(sizes) - len(behind)) + behind
        if any(given not in (1, size) for given, size in zip(full, sizes, strict=True)):
            return None
        shape = (sizes[-1], *sizes[:-1]) if value.last else sizes

        def spread(array: Array) -> Array:
            whole = np.broadcast_to(array.reshape(full), sizes)
            return np.moveaxis(whole, -1, 0) if value.last else whole

        return mapped(constant.tensor, shape, spread)

    # -- results ---------------------------------------------------------------------------------------------------

    def add(self, step: Step, op: Op, *inputs: str, weights: Mapping[str, Tensor] | None = None, part: str = "") -> str:
        """A new node with one result; named after the step's output, or after a `part` of the step."""
        return self.add_many(step, op, *inputs, weights=weights, part=part)[0]

    def add_many(
        self, step: Step, op: Op, *inputs: str, weights: Mapping[str, Tensor] | None = None, part: str = ""
    ) -> tuple[str, ...]:
        if isinstance(op, Merge):  # in a file of either layout
            op = op.model_copy(update={"layout": self.builder.layout})
        count = len(op.infer(tuple(self.builder.types[name] for name in inputs)))
        moves = not self.own and isinstance(op, Ordered | Split)
        if moves and (op, inputs) in self.moved:
            return self.moved[op, inputs]
        target = step.outputs[0] + (f"/{part}" if part else "")
        while any(name in self.builder.types for name in output_names(target, count)):
            target += "'"
        results = self.builder.add(target, op, inputs)
        node = self.builder.nodes[-1]
        self.nodes.update((name, node) for name in results)
        if self._is_numbered(node):
            self.numbered.update(results)
        self._check_weights(node, weights or {})
        if moves:
            self.moved[op, inputs] = results
        return results

    def _is_numbered(self, node: Node) -> bool:
        if self.own or self.builder.layout == "hwc" or isinstance(node.op, Windowed):
            return False
        if isinstance(node.op, Reshape | Transpose | MatMul):
            return True
        others = [name for name in node.inputs if self.node(name, Learned) is None]
        return bool(others) and self.numbered.issuperset(others)

    def _check_weights(self, node: Node, given: Mapping[str, Tensor]) -> None:
        types = tuple(self.builder.types[name] for name in node.inputs)
        for weight in node.op.weights(types):
            if weight.fixed is not None:
                continue
            if weight.name not in given:
                raise Decline(f"it has no {weight.name}")
            if given[weight.name].shape != weight.shape:
                raise Decline(f"its {weight.name} has the shape {list(given[weight.name].shape)}")
        self.weights[node.name] = dict(given)

    # -- looking back ----------------------------------------------------------------------------------------------

    def maker(self, tensor: str, *op_types: str) -> Step | None:
        """The step that made `tensor`, if it is one of `op_types`."""
        step = self.makers.get(tensor)
        return step if step is not None and step.op_type in op_types else None

    def node(self, value: str, kind: builtins.type[Op]) -> Node | None:
        """The node that made `value`, if it is of that operation."""
        node = self.nodes.get(value)
        return node if node is not None and type(node.op) is kind else None

    def constant(self, tensor: str) -> float | None:
        """The number that `tensor` is everywhere; `None` where it is not a constant of one element, or is learned."""
        found = self.values.get(tensor)
        if not isinstance(found, Known) or found.elements != 1 or found.is_open or found.tensor.dtype == "other":
            return None
        return None if self.is_learned(found) else single(found)

    def near(self, number: float, wanted: float) -> bool:
        """Whether the file's element type may hold `wanted` as `number`."""
        return isclose(number, wanted, rel_tol=self.tolerance)

    def is_learned(self, found: Known) -> bool:
        """Whether a constant of one element is no number of the text, for a checkpoint of the network holds it."""
        return found.elements == 1 and not self.own and not self.lifted and self.state.is_kept(found.tensor)


def as_sizes(found: Known) -> list[Dim]:
    """A constant as a list of sizes."""
    if len(found.shape) > 1 or found.is_open:
        raise Decline("its sizes are no list of numbers")
    items = found.array.reshape(-1).tolist()
    if not all(isinstance(item, bool) or not isinstance(item, float) or item.is_integer() for item in items):
        raise Decline("its sizes are not whole")
    return [int(item) if isinstance(item, float | bool) else item for item in items]


def single(found: Known) -> float:
    """A constant of one element as a number."""
    if found.elements != 1 or found.is_open:
        raise Decline("it takes a single number, not a tensor")
    item = found.array.reshape(-1)[0]
    if isinstance(item, np.floating):
        return float(str(np.float32(item))) if float(np.float32(item)) == float(item) else float(item)
    if not isinstance(item, int | float | np.integer | np.bool_):
        raise Decline("it depends on an open size")
    return float(item)
