"""A tensor of its own among the values: what is learned, and computed from nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Annotated, Any

from specc.core import PydanticCustomError
from specc.ops.base import Builder, Field, Types, Weight
from specc.ops.families import Uncounted
from specc.ops.fields import Values, whole
from specc.ops.scale import kind_of
from specc.ops.shape import MOST_SIZES
from specc.ops.target import measured
from specc.ops.weights import Init, fit
from specc.record import Before
from specc.types import Layout, TensorType, unspeak

if TYPE_CHECKING:
    from specc.ops.base import Array


def _shape(value: Any) -> Any:
    sizes = tuple(whole(item) for item in (value if isinstance(value, tuple | list) else (value,)))
    if not 1 <= len(sizes) <= MOST_SIZES or min(sizes) < 1:
        raise PydanticCustomError("specc_range", "needs 1 to {most} sizes of at least 1", {"most": MOST_SIZES})
    return sizes


def _fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Fan-in and fan-out of a tensor whose axes are outputs, inputs and a window (`torch.nn.init`); of one axis its
    size."""
    window = prod(shape[2:])
    return (shape[:2][-1] * window, shape[0] * window)


class Learned(Uncounted):
    """A learned tensor, the same for every item: `learned 768x1`.

    It reads nothing of the line before but how many items there are.  Class tokens stand before other tokens,
    `concat axis=length { branch { learned 768x1 } branch { } }` (ViT: Dosovitskiy et al., 2021); queries (DETR) and
    the constant that an image begins with (StyleGAN) are lines of their own: `queries: learned 256x100`.  What is
    added to a value is `bias elementwise=true`.

    Initialisers that need fans (`he_normal`) count them as PyTorch does: of a tensor a x b x ..., as it is stored with
    channels first, fan-in is b and fan-out a, each times the sizes behind them; of a single axis both are its size.
    """

    word = "learned"
    positional = ("shape",)
    context = ("layout",)
    sourceless = True

    shape: Annotated[tuple[int, ...], Before(_shape)]
    """The shape as it is written, without the batch."""
    init: Init = "normal"
    """Initialiser of the tensor."""
    weight: Values | None = None
    """Fixed values: one number, or numbers for the last axes at least, channels first."""
    buffer: bool = False
    """Kept with the weights, but not trained, and counted as no parameter: PyTorch's buffers."""
    layout: Layout = "chw"
    """The order in which the model's author writes axes."""

    def infer(self, inputs: Types) -> Types:
        return (TensorType(unspeak((inputs[0].shape[0], *self.shape), self.layout)),)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        shape = self.shape
        if self.layout == "hwc" and len(shape) > 1:
            shape = (shape[-1], *shape[:-1])
        fixed = None if self.weight is None else fit("weight", self.weight, shape)
        return (Weight("weight", shape, self.init, _fans(shape), kind=kind_of(self.buffer), fixed=fixed),)

    def reach(self, inputs: Types) -> Field:
        return ()

    def lower(self, build: Builder, names: Sequence[str], inputs: Types, outputs: Types) -> Sequence[str]:
        item = build.ints([size for size in outputs[0].shape[1:] if isinstance(size, int)])
        shape = build.node("Concat", [measured(build, names[0], 0, 1), item], axis=0)
        return (build.node("Expand", [build.weight("weight"), shape]),)

    def compute(self, xs: Sequence[Array], ws: Mapping[str, Array]) -> Sequence[Array]:
        return (ws["weight"][None].repeat(len(xs[0]), axis=0),)

    def error_bound(
        self, xs: Sequence[Array], ws: Mapping[str, Array], ys: Sequence[Array], u: float
    ) -> Sequence[Array]:
        """0: the tensor is only repeated."""
        from specc.kernels.bounds import exact

        return (exact(ys[0]),)
