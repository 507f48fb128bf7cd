"""Operations that move values, cut them out or put them together, in PyTorch."""

from __future__ import annotations

from collections.abc import Callable

from specc.ops.axes import axis_index
from specc.ops.concat import Concat
from specc.ops.crop import Crop
from specc.ops.pad import Pad
from specc.ops.pick import Gather, Slice
from specc.ops.shape import Reshape, Squeeze, Transpose
from specc.ops.shuffle import ChannelShuffle, PixelShuffle, PixelUnshuffle
from specc.ops.split import Split
from specc.ops.windows import per_axis
from specc.torch.layer import Layer, call, unless


def slice_(layer: Layer) -> str:
    """PyTorch's slices go forwards only: a slice that goes backwards is one of the axis turned round."""
    op = layer.op
    assert isinstance(op, Slice)
    axis = axis_index(op.axis, layer.types[0], op.layout)
    x, start, stop = layer.x, op.start, op.stop
    if op.step < 0:
        x = f"{x}.flip({axis})"
        start, stop = (None if end is None else -1 - end for end in (start, stop))
    ends = ":".join("" if end is None else str(end) for end in (start, stop))
    return f"{x}[{':, ' * axis}{ends}{f':{abs(op.step)}' if abs(op.step) > 1 else ''}]"


def gather(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Gather)
    return f"{layer.x}[{':, ' * axis_index(op.axis, layer.types[0], op.layout)}{list(op.indices)}]"


def flatten(layer: Layer) -> str:
    return f"{layer.as_written(layer.x)}.flatten(1)"


def reshape(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Reshape)
    target = op.target(layer.types)
    known = all(isinstance(size, int) for size in target)
    sizes = ", ".join(map(str, target if known else op.beside(op.sizes, f"*{layer.inputs[1]}.shape[2:]")))
    return layer.as_computed(f"{layer.as_written(layer.x)}.reshape({layer.x}.shape[0], {sizes})", len(target))


def transpose(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Transpose)
    order = ", ".join(str(axis + 1) for axis in op.order)
    return layer.as_computed(f"{layer.as_written(layer.x)}.permute(0, {order})", len(op.order))


def squeeze(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Squeeze)
    x = layer.types[0]
    if op.axis is None:
        dropped = [i for i in range(2, x.rank + 1) if x.shape[i] == 1]
    else:
        dropped = [axis_index(op.axis, x, op.layout)]
    if layer.layout == "hwc":
        dropped = [x.rank if i == 1 else i - 1 for i in dropped]
    return layer.as_computed(f"{layer.as_written(layer.x)}.squeeze({tuple(dropped)})", x.rank - len(dropped))


def pad(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Pad) and not isinstance(op.amount, str)
    sides = op.sides(layer.types[0])
    sides = sides[1:] if op.axis is None or not any(sides[0]) else sides
    mode = {"zeros": None, "edge": "'replicate'", "reflect": "'reflect'", "wrap": "'circular'"}[op.mode]
    return call("F.pad", layer.x, _sides(sides), mode=mode, value=unless(op.value, 0.0))


def crop(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Crop)
    cuts = op.cuts(layer.types)
    if cuts is None and op.begin is None:
        return layer.helper(call("centre", layer.x, f"{layer.inputs[1]}.shape[2:]"))
    if cuts is None:
        begins = enumerate(per_axis(op.begin or (), layer.axes, "begin"), start=2)
        parts = (f"{begin}:{begin} + {layer.inputs[1]}.shape[{axis}]" for axis, begin in begins)
        return f"{layer.x}[:, :, {', '.join(parts)}]"
    return call("F.pad", layer.x, _sides([(-begin, -end) for begin, end in cuts]))


def _sides(sides: list[tuple[int, int]]) -> str:
    """Amounts as `F.pad` takes them: the last axis first."""
    return repr(tuple(amount for side in reversed(sides) for amount in side))


def pixel_shuffle(function: str) -> Callable[[Layer], str]:
    def lower(layer: Layer) -> str:
        op = layer.op
        assert isinstance(op, PixelShuffle | PixelUnshuffle)
        axes = len(layer.types[0].spatial)
        if axes == 2:
            return f"{function}({layer.x}, {op.factor})"
        moved = _spread if isinstance(op, PixelShuffle) else _gathered
        return moved(layer.x, op.factor, axes)

    return lower


def _spread(x: str, factor: int, axes: int) -> str:
    """PyTorch's pixel_shuffle takes images alone."""
    order = [0, 1, *(axis for i in range(axes) for axis in (2 + axes + i, 2 + i))]
    joined = "".join(f".flatten({axis}, {axis + 1})" for axis in range(2 * axes, 1, -2))
    return f"{x}.unflatten(1, (-1{f', {factor}' * axes})).permute({', '.join(map(str, order))}){joined}"


def _gathered(x: str, factor: int, axes: int) -> str:
    cut = "".join(f".unflatten({axis}, (-1, {factor}))" for axis in range(1 + axes, 1, -1))
    order = [0, 1, *range(3, 3 + 2 * axes, 2), *range(2, 2 + 2 * axes, 2)]
    return f"{x}{cut}.permute({', '.join(map(str, order))}).flatten(1, {1 + axes})"


def channel_shuffle(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, ChannelShuffle)
    return f"{layer.x}.unflatten(1, ({op.groups}, -1)).transpose(1, 2).flatten(1, 2)"


def split(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Split)
    axis = axis_index(op.axis, layer.types[0], op.layout)
    if isinstance(op.parts, int):
        return f"{layer.x}.chunk({op.parts}, {axis})"
    return f"{layer.x}.split({op.parts}, {axis})"


def concat(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Concat)
    return f"torch.cat(({', '.join(layer.inputs)},), {axis_index(op.axis, layer.types[0], op.layout)})"
