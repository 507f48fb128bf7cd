"""PyTorch source for operations with sliding windows.

PyTorch pads both sides alike and knows no SAME with a stride: what its modules cannot say stands as an `F.pad`.
"""

from __future__ import annotations

from typing import Final

from specc.ops.conv import Conv
from specc.ops.deconv import Deconv
from specc.ops.depthwise import Depthwise
from specc.ops.max_pool import MaxPool
from specc.ops.pool import AvgPool, LpPool
from specc.ops.pool_base import Pooling
from specc.ops.separable import Separable
from specc.ops.unpool import Unpool
from specc.ops.weighted_pool import WeightedPool, centre_weights
from specc.ops.windowed import Convolving, Windowed
from specc.ops.windows import AxisWindow, known_channels, per_axis
from specc.torch.layer import Layer, call, unless

_MODES: Final = {"edge": "replicate", "reflect": "reflect", "wrap": "circular"}


def conv(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Conv)
    channels = known_channels(op.word, layer.types[0])
    return _convolution(layer, op, channels, op.channels, op.groups, op.bias is not False)


def depthwise(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Depthwise)
    channels = known_channels(op.word, layer.types[0])
    return _convolution(layer, op, channels, channels * op.multiplier, channels, op.bias is not False)


def separable(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Separable)
    channels = known_channels(op.word, layer.types[0])
    middle = channels * op.multiplier
    spread = _convolution(layer, op, channels, middle, channels, False, part="depthwise")
    bias = unless(op.bias is not False, True)
    mix = layer.module(call(layer.numbered("nn.Conv{}d"), middle, op.channels, 1, bias=bias), part="pointwise")
    return f"{mix}({spread})"


def deconv(layer: Layer) -> str:
    """Without padding, cropped afterwards, unless PyTorch's own padding says the same."""
    op = layer.op
    assert isinstance(op, Deconv)
    axes = op.axes(layer.types[0])
    begins, ends = tuple(a.begin for a in axes), tuple(a.end for a in axes)
    even = begins == ends
    constructor = call(
        layer.numbered("nn.ConvTranspose{}d"),
        known_channels(op.word, layer.types[0]),
        op.channels,
        tuple(a.kernel for a in axes),
        stride=unless(tuple(a.stride for a in axes), 1),
        padding=unless(begins, 0) if even else None,
        output_padding=unless(tuple(a.output_pad for a in axes), 0),
        groups=unless(op.groups, 1),
        bias=unless(op.bias is not False, True),
        dilation=unless(tuple(a.dilation for a in axes), 1),
    )
    result = f"{layer.module(constructor)}({layer.x})"
    return result if even else _pad(result, [-b for b in begins], [-e for e in ends])


def max_pool(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, MaxPool)
    return _max_pool_with_positions(layer) if op.positions else _max_pool(layer, layer.x)


def min_pool(layer: Layer) -> str:
    return f"-{_max_pool(layer, f'-{layer.x}')}"


def avg_pool(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, AvgPool)
    how, windows = op.geometry(layer.types[0]), op.placed(layer.types[0])
    if _plain(op, windows, how.kernel) and set(how.dilation) == {1}:
        return call(
            layer.numbered("F.avg_pool{}d"),
            layer.x,
            how.kernel,
            stride=None if how.stride == how.kernel else how.stride,
            padding=unless(tuple(w.begin for w in windows), 0),
            ceil_mode=unless(op.round == "ceil", False),
            count_include_pad=unless(op.count_include_pad or not any(w.begin for w in windows), True),
        )
    ones = f"torch.ones_like({layer.x}[:1, :1])"
    counted = _padded(layer, windows, ones, value=float(op.count_include_pad), overhang=False)
    if any(w.overhang for w in windows):
        counted = _pad(counted, [0] * len(windows), [w.overhang for w in windows])
    x = _padded(layer, windows, layer.x)
    return layer.helper(f"window_means({x}, {counted}, {how.kernel}, {how.stride}, {how.dilation})")


def lp_pool(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, LpPool)
    how = op.geometry(layer.types[0])
    powers = _padded(layer, op.placed(layer.types[0]), f"{layer.x}.abs() ** {op.p}")
    sums = layer.helper(f"window_sums({powers}, {how.kernel}, {how.stride}, {how.dilation})")
    return f"{sums} ** (1 / {op.p})"


def weighted_pool(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, WeightedPool)
    how = op.geometry(layer.types[0])
    layer.helpers.add("filtered")
    weights = centre_weights(how.kernel, op.falloff)
    filtering = layer.module(f"FixedFilter({weights}, {how.kernel}, {how.stride}, {how.dilation})", helper=True)
    return f"{filtering}({_padded(layer, op.placed(layer.types[0]), layer.x, border=op.border)})"


def _convolution(layer: Layer, op: Convolving, channels: int, out: int, groups: int, bias: bool, part: str = "") -> str:
    how, windows = op.geometry(layer.types[0]), op.placed(layer.types[0])
    begins = tuple(w.begin or 0 for w in windows)
    inside = all(w.begin is not None and w.begin == w.end and not w.overhang for w in windows)
    module = layer.module(
        call(
            layer.numbered("nn.Conv{}d"),
            channels,
            out,
            how.kernel,
            stride=unless(how.stride, 1),
            padding=unless(begins, 0) if inside else None,
            dilation=unless(how.dilation, 1),
            groups=unless(groups, 1),
            bias=unless(bias, True),
            padding_mode=repr(_MODES[op.border]) if inside and any(begins) and op.border != "zeros" else None,
        ),
        part=part,
    )
    return f"{module}({layer.x if inside else _padded(layer, windows, layer.x, border=op.border)})"


def _max_pool_with_positions(layer: Layer) -> str:
    """PyTorch's positions are integers, and count through what an `F.pad` puts around the image."""
    op = layer.op
    assert isinstance(op, Pooling)
    found = _max_pool(layer, layer.x, return_indices=True)
    windows = op.placed(layer.types[0])
    plain = _plain(op, windows, op.geometry(layer.types[0]).kernel)
    numbers = "" if plain else f", {_padded(layer, windows, layer.helper(f'numbered({layer.x})'), value=-1.0)}"
    return layer.helper(f"with_positions({found}{numbers})")


def unpool(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Unpool)
    x, where, *like = layer.inputs
    if like:
        sizes = f"{like[0]}.shape[2:]"
    elif op.size is not None:
        sizes = str(per_axis(op.size, layer.axes, "size"))
    else:
        windows = enumerate(op.windows(layer.types[0]), start=2)
        grown = [
            f"{x}.shape[{axis}] * {step} + {kernel - step - sum(sides)}" for axis, (kernel, step, sides) in windows
        ]
        sizes = f"[{', '.join(grown)}]"
    return layer.helper(f"unpooled({x}, {where}, {sizes})")


def _max_pool(layer: Layer, x: str, **further: object) -> str:
    """`F.max_pool` of `x`, padded before where PyTorch pads otherwise, with `further` arguments."""
    op = layer.op
    assert isinstance(op, Pooling)
    how, windows = op.geometry(layer.types[0]), op.placed(layer.types[0])
    plain = _plain(op, windows, how.kernel)
    return call(
        layer.numbered("F.max_pool{}d"),
        x if plain else _padded(layer, windows, x, value=float("-inf")),
        how.kernel,
        stride=None if how.stride == how.kernel else how.stride,
        padding=unless(tuple(w.begin for w in windows), 0) if plain else None,
        dilation=unless(how.dilation, 1),
        ceil_mode=unless(plain and op.round == "ceil", False),
        **further,
    )


def _plain(op: Windowed, windows: list[AxisWindow], kernel: tuple[int, ...]) -> bool:
    """Whether a pool of PyTorch's pads this way: both sides alike, by at most half the window."""
    return all(
        w.begin is not None and w.begin == w.end and 2 * w.begin <= k for w, k in zip(windows, kernel, strict=True)
    )


def _padded(
    layer: Layer,
    windows: list[AxisWindow],
    x: str,
    *,
    border: str = "zeros",
    value: float = 0.0,
    overhang: bool = True,
) -> str:
    """`x` with its padding, and with what round=ceil reads behind it."""
    op = layer.op
    assert isinstance(op, Windowed)
    if any(w.begin is None for w in windows):
        how = op.geometry(layer.types[0])
        options = (", lower=True" if op.pad == "same_lower" else "") + (f", value={_number(value)}" if value else "")
        return layer.helper(f"pad_same({x}, {how.kernel}, {how.stride}{options})")
    begins = [w.begin or 0 for w in windows]
    ends = [(w.end or 0) + (w.overhang if overhang else 0) for w in windows]
    return _pad(x, begins, ends, mode=_MODES.get(border), value=value)


def _pad(x: str, begins: list[int], ends: list[int], *, mode: str | None = None, value: float = 0.0) -> str:
    """`F.pad`, which takes the last axis first; negative amounts crop."""
    if not any(begins) and not any(ends):
        return x
    amounts = tuple(side for pair in zip(reversed(begins), reversed(ends), strict=True) for side in pair)
    options = f", mode={mode!r}" if mode else f", value={_number(value)}" if value else ""
    return f"F.pad({x}, {amounts}{options})"


def _number(value: float) -> str:
    return f'float("{value}")' if value in (float("inf"), float("-inf")) else repr(value)
