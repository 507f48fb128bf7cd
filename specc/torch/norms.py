"""How normalisations are said in PyTorch: from a layer to the expression of its outputs."""

from __future__ import annotations

from specc.ops.axes import spoken_axes
from specc.ops.layernorm import LayerNorm
from specc.ops.lrn import Lrn
from specc.ops.norm import BatchNorm, GroupNorm, InstanceNorm
from specc.ops.windows import known_channels
from specc.torch.layer import Layer, call, unless


def batch_norm(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, BatchNorm)
    channels = known_channels(op.word, layer.types[0])
    name = f"nn.BatchNorm{max(layer.axes, 1)}d"
    return f"{layer.module(call(name, channels, eps=unless(op.eps, 1e-5), affine=unless(op.affine, True)))}({layer.x})"


def instance_norm(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, InstanceNorm)
    channels = known_channels(op.word, layer.types[0])
    name = layer.numbered("nn.InstanceNorm{}d")
    return f"{layer.module(call(name, channels, eps=unless(op.eps, 1e-5), affine=unless(op.affine, False)))}({layer.x})"


def group_norm(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, GroupNorm)
    channels = known_channels(op.word, layer.types[0])
    constructor = call("nn.GroupNorm", op.groups, channels, eps=unless(op.eps, 1e-5), affine=unless(op.affine, True))
    return f"{layer.module(constructor)}({layer.x})"


def layer_norm(layer: Layer) -> str:
    """With its statistics where the layer has them: the mean, and the inverse standard deviation."""
    op, x = layer.op, layer.types[0]
    assert isinstance(op, LayerNorm)
    first = 1 if op.over in ("channels", "all") else spoken_axes(x.rank, op.layout)[int(op.over)]
    options = {"eps": unless(op.eps, 1e-5), "elementwise_affine": unless(op.affine, True)}
    if op.over == "channels" or (first == 1 and op.over != "all" and op.layout == "hwc"):
        axes: tuple[int, ...] = (1,)
        name = "ChannelNorm" if layer.axes else "nn.LayerNorm"
        normal = layer.module(call(name, known_channels(op.word, x), **options), helper=bool(layer.axes))
    else:
        axes = tuple(range(first, x.rank + 1))
        normal = layer.module(call("nn.LayerNorm", list(x.shape[first:]), **options))
    if not op.statistics:
        return f"{normal}({layer.x})"
    variance = f"{layer.x}.var({axes}, correction=0, keepdim=True)"
    return f"{normal}({layer.x}), {layer.x}.mean({axes}, keepdim=True), ({variance} + {op.eps!r}).rsqrt()"


def lrn(layer: Layer) -> str:
    """PyTorch puts the odd neighbour of an even number before, the spec behind: the channels are turned round."""
    op = layer.op
    assert isinstance(op, Lrn)
    even = op.size % 2 == 0
    x = f"{layer.x}.flip(1)" if even else layer.x
    return f"F.local_response_norm({x}, {op.size}, {op.alpha!r}, {op.beta!r}, {op.k!r})" + (".flip(1)" if even else "")
