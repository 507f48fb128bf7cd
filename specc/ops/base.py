"""What every operation must answer.

One operation is one class: its attributes (a frozen, strict record, which pydantic's core validates), its output
shapes, weights, multiply-accumulates, receptive field, ONNX lowering, NumPy computation and rounding-error bound.
Passes ask an `Op`; no pass asks which operation it is.

Architecture invariant: `compute` and `error_bound` never call `infer`, `lower` or their helpers.  What checks must
not share what it checks, so windows are resolved once in `ops/windows.py` and again in `kernels/windows.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol, TypeAlias

from specc.dims import Dim, Divides
from specc.record import Record
from specc.types import TensorType

if TYPE_CHECKING:
    import numpy as np

    from specc.kernels.large_bounds import Partial

    Array: TypeAlias = np.ndarray[Any, Any]

Types: TypeAlias = tuple[TensorType, ...]


class Finding(NamedTuple):
    """What an operation says about its attributes and inputs; elaboration gives it its places in the text.

    `argument` names the argument at fault (its place gets the carets); `inputs` says something about single
    inputs, by index; `notes` show the arithmetic with the numbers filled in; `help` is the fix.
    """

    code: str
    message: str
    argument: str | None = None
    label: str = ""
    inputs: Mapping[int, str] = {}
    notes: Sequence[str] = ()
    help: str | None = None


class Rejection(Exception):
    """An operation cannot take these attributes or inputs.  Takes the fields of `Finding`."""

    def __init__(self, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.finding = Finding(code, message, **details)


class Weight(NamedTuple):
    """A tensor that belongs to a layer: `name` within the layer, `shape` as ONNX stores it.

    `init` names the initialiser (see `specc.weights.initialisers`), or is a number for a constant;
    `fans` are its fan-in and fan-out.  `fixed` holds values written in the spec (row-major, already of the
    right number of elements).  `kind` is "parameter", or "buffer" for statistics such as a running mean,
    which count as neither parameters nor trainable.  `trainable` is false for fixed values.
    """

    name: str
    shape: tuple[int, ...]
    init: str | float
    fans: tuple[int, int] = (1, 1)
    kind: Literal["parameter", "buffer"] = "parameter"
    fixed: tuple[float, ...] | None = None

    @property
    def trainable(self) -> bool:
        return self.kind == "parameter" and self.fixed is None

    @property
    def elements(self) -> int:
        count = 1
        for size in self.shape:
            count *= size
        return count


class Reach(NamedTuple):
    """How far one output sample sees along one spatial axis.

    `extent` is the number of input samples it depends on, first to last; `stride` is the number of input
    samples between two neighbouring outputs (below 1 where the operation upsamples).  Output p sees the samples from
    p * stride + first to p * stride + last; `first` is `None` where open sizes decide it, and `last` where it is
    first + extent - 1.  `order` is "kept" where that holds, at least about, "moved" where the samples lie in order, but
    anywhere, "mixed" where not, "joined" where inputs lie one behind the other, "all" where each output sees all.
    """

    extent: Dim
    stride: Fraction = Fraction(1)
    first: Fraction | int | None = 0
    last: Fraction | int | None = None
    order: Literal["kept", "moved", "mixed", "joined", "all"] = "kept"


def under(span: int, stride: int, begin: int) -> Reach:
    """The reach where every input sample is spread over a window of `span` outputs, the windows `stride` apart, and the
    first `begin` outputs are cut off: an output sees the samples whose windows it lies under."""
    return Reach(-(-span // stride), Fraction(1, stride), Fraction(begin - span + 1, stride), Fraction(begin, stride))


def along(axis: int, x: TensorType, reach: Reach) -> Field:
    """`reach` on the canonical `axis`, if that is a spatial one; every other position sees itself."""
    return () if axis == 1 else tuple([reach if index == axis else Reach(1) for index in range(2, len(x.shape))])


# Per spatial axis; `()` sees only its own position; `None` sees the whole input.
Field: TypeAlias = tuple[Reach, ...] | None


class Builder(Protocol):
    """What a lowering may do.  The emitter implements it; no lowering imports onnx."""

    opset: int

    def node(self, op_type: str, inputs: Sequence[str], **attributes: object) -> str:
        """Add an ONNX node with one output and return that output's name; "" is an absent optional input."""

    def nodes(self, op_type: str, inputs: Sequence[str], outputs: int, **attributes: object) -> tuple[str, ...]:
        """Add an ONNX node with several outputs and return their names."""

    def weight(self, name: str) -> str:
        """The graph's name of this layer's weight called `name`."""

    def ints(self, values: Sequence[int]) -> str:
        """A one-dimensional int64 constant (shapes, axes, pads)."""

    def floats(self, values: Sequence[float], shape: Sequence[int] | None = None) -> str:
        """A float32 constant, one-dimensional unless `shape` says otherwise; `()` for a scalar."""

    def integers(self, values: Sequence[int], dtype: str, shape: Sequence[int]) -> str:
        """A constant of an integer type."""

    def float_copy(self, name: str, dtype: str) -> str:
        """A tensor of the integer type `dtype` as float32."""

    def integer_copy(self, name: str, dtype: str) -> str | None:
        """The tensor of that integer type of which `name` is a float copy; `None` if it is none."""

    def afford(self, count: int, what: str, most: int = 2**24) -> None:
        """Raise the error E0706 where the layer needs more than `most` of `what`: numbers, nodes."""

    def unsupported(self, why: str, since: int | None = None) -> Exception:
        """The error to raise when this opset cannot express the layer (E0905)."""


def same(op: Op, inputs: Types) -> Hashable:
    """What two operations have in common that give the same answers on the same inputs.

    The types of the attributes belong to it: `bias=true` equals `bias=1` and is something else.
    """
    return type(op), *op.__dict__.values(), *map(type, op.__dict__.values()), inputs


class Op(Record, ABC):
    """An operation with its attributes; the fields of a subclass are the arguments a spec may write."""

    strict = True

    word: ClassVar[str]
    """How a spec calls it."""
    positional: ClassVar[tuple[str, ...]] = ()
    """The fields that may be given without a key, in order."""
    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    """The smallest and largest number of inputs; `None` for any number.  Merges take 1 or more."""
    operands: ClassVar[Mapping[str, str]] = {}
    """Arguments that are values of other layers, and what they mean: inputs behind the first, optional ones last."""
    instead: ClassVar[Mapping[str, str]] = {}
    """Operands that stand for another argument, which is then not among those without names."""
    measured: ClassVar[tuple[str, ...]] = ()
    """Those operands of which only the sizes are read."""
    sourceless: ClassVar[bool] = False
    """Whether no value is read, only how many items there are: its results are made of weights alone."""
    passes_on: ClassVar[bool] = False
    """Whether it passes on what it is given: of several values their list."""
    leads: ClassVar[bool] = False
    """Whether of several results the first is the value of the line, which the line below works on."""
    several: ClassVar[bool] = False
    """Whether it may have several results of which none leads the others."""
    places: ClassVar[int | None] = None
    """Which input holds positions, as those that `leads` tell beside their first result."""
    context: ClassVar[tuple[str, ...]] = ()
    """Fields that the model fills in, never the author: `layout`."""
    works_in: ClassVar[Literal["canonical", "any"]] = "canonical"
    """"any" for element-wise operations, which a graph may run in whatever memory layout their input has."""
    is_activation: ClassVar[bool] = False
    """Whether it may close another operation's arguments: `conv 64, 3x3, relu`."""
    centres_channels: ClassVar[bool] = False
    """Whether it subtracts each channel's mean, and with it any bias added just before."""
    multiplies_matrices: ClassVar[bool] = False
    """Whether its result holds a number for each pair of rows of two values, such as scores of attention."""
    shares_out: ClassVar[bool] = False
    """Whether what lies along its `axis` sums to 1 (or is the logarithm of what does)."""
    jumps: ClassVar[bool] = False
    """Whether it rounds to whole numbers or compares: a small change of an operand may change the result by a step."""
    approximated: ClassVar[bool] = False
    """Whether another correct evaluation may use half of the error bound where NumPy's uses next to nothing of it:
    functions that runtimes approximate, variances, and sums that they add up one after the other of powers, or of what
    may all be alike, so that the roundings go one way."""
    slides: ClassVar[bool] = False
    """Whether windows slide over its input, whose axes behind the channels then are those of a signal or an image."""
    keeps_order: ClassVar[bool] = False
    """Whether each value of an item, or what is made of it alone, stays in its place among them, as the shape is
    written, whatever the shape becomes."""
    regroups: ClassVar[bool] = False
    """Whether the axes of its result are others than those of what it reads: positions, heads, rows of a matrix."""
    moves: ClassVar[bool] = False
    """Whether it only moves, drops or repeats values: `compute` is exact, and its results hold its operands' values."""
    widens: ClassVar[bool] = False
    """Whether `compute` and `error_bound` take float32 weights beside float64 values and widen them themselves, so that
    the largest are never held twice."""
    kernel_name: ClassVar[str] = ""
    """Its tensor into which graph optimisers multiply a factor for each channel of the result: a convolution's kernel.
    """
    weighted_layers: ClassVar[int] = 0
    """What the operation adds to a network's depth as papers count it: 1 for convolutions and dense layers."""

    takes_numbers: ClassVar[bool] = False
    """Whether numbers may stand among the values that it merges."""

    def constant_operands(self) -> tuple[float | tuple[float, ...] | None, ...]:
        """All operands of a merge in order, `None` for each value, where numbers are among them; else nothing."""
        return ()

    @property
    def numbers(self) -> int:
        """How many of the operands are numbers, or lists of them."""
        return sum(constant is not None for constant in self.constant_operands())

    @classmethod
    def merges(cls) -> bool:
        """Whether it joins values of which none comes before the others, so that its branches can be written."""
        return cls.arity[1] != 1 and not cls.operands

    def giving(self, results: int) -> Op:
        """The operation with so many results, where it is free to have them; itself elsewhere."""
        return self

    def keeping(self) -> tuple[Op, str] | None:
        """Where a border is lost for want of padding, the operation that keeps it and the argument that does it."""
        return None

    def choosing(self) -> tuple[tuple[Op, str], ...]:
        """Where an argument chooses among output sizes, the operations that it makes, and the argument."""
        return ()

    def may_jump(self) -> bool:
        """`jumps`, as its arguments are."""
        return self.jumps

    @abstractmethod
    def infer(self, inputs: Types) -> Types:
        """The output types.  Raises `Rejection` when the inputs do not suit."""

    def conditions(self, inputs: Types) -> tuple[Divides, ...]:
        """What open sizes must satisfy for `infer` to hold.  Only operations that compare sizes have any."""
        return ()

    def likely(self, inputs: Types) -> Types | None:
        """Where `infer` refuses: what its author most likely means to get, to check the layers below; or `None`."""
        return None

    def arithmetic(self, inputs: Types) -> tuple[str, ...]:
        """How the output sizes come about, numbers filled in: "height: (32 + 0 - 5) / 1 + 1 = 28"."""
        return ()

    def remarks(self, inputs: Types) -> tuple[Finding, ...]:
        """Warnings about inputs that `infer` accepts."""
        return ()

    @abstractmethod
    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        """The layer's tensors, parameters first, in the order in which tables list them."""

    @abstractmethod
    def macs(self, inputs: Types, outputs: Types) -> Dim:
        """Multiply-accumulates for one item: of convolutions, transposed convolutions and dense layers only."""

    @abstractmethod
    def reach(self, inputs: Types) -> Field:
        """How far one output sample sees."""

    def reaches(self, inputs: Types, outputs: Types) -> Sequence[Field]:
        """`reach` for each output, where they do not see the same."""
        return (self.reach(inputs),) * len(outputs)

    @abstractmethod
    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        """Add this layer's ONNX nodes to the graph; `names` are its inputs', the result its outputs' names."""

    @abstractmethod
    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        """The layer's outputs in the precision of `xs`; canonical order, batch first; never writes to its inputs."""

    def overwrite(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        """What `compute` gives, where nobody reads the first input any more and a result may be laid over it: for
        operations that cost little more than the memory they write."""
        return self.compute(xs, ws)

    @abstractmethod
    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """For each output in `ys` (computed from `xs`, `ws` in float64) the largest error, element by element,
        that an evaluation with unit roundoff `u` on the very same operands may show; float64."""

    def partial_bound(self, xs: Sequence[Array], ws: Mapping[str, Array], u: float) -> Partial | None:
        """What lies nowhere above the error bound, for operations of one result and a bound that takes long."""
        return None

    def likely_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """About the error bound, which stands in its place where only its size matters."""
        return self.error_bound(xs, ws, ys, u)

    def excerpt(self, ws: Mapping[str, Array]) -> Mapping[str, Array]:
        """The weights with which `compute` makes only the first channels of its result, as many as show how it rounds;
        all of them where it makes no more, or costs little."""
        return ws

    def by_channel(self, factors: Array, kernel: Array) -> Array:
        """`factors`, one for each channel of the result, in a shape that multiplies the tensor `kernel_name`."""
        return factors.reshape(-1, *(1,) * (kernel.ndim - 1))

    def factors(self, ws: Mapping[str, Array], rounded: Callable[[Array], Array]) -> Array | None:
        """The factor of each channel, every step `rounded`, where it is a product and a sum that optimisers fold into
        the convolution before it, whose bias then is (bias - running_mean) factor + its own; `None` elsewhere."""
        return None

    def terms(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> int | None:
        """The k of a bound of the form gamma_k x magnitude, from which verification takes the tighter statistical
        one; `None` for bounds of any other form."""
        return None
