"""PyTorch source for resized images: `F.interpolate` where it does the same, else our own `resized`."""

from __future__ import annotations

from fractions import Fraction

from specc.ops.resize import Resampling, Resize, Upsample
from specc.ops.windows import per_axis
from specc.torch.layer import Layer, call, unless


def upsample(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Upsample)
    factors = tuple(map(Fraction, per_axis(op.scale, layer.axes, "scale")))
    mode = _mode(layer, op)
    if mode is None or not _same_sizes(layer, factors) or ("nearest" in mode and not all(map(_exact, factors))):
        return _resized(layer, op, factors=tuple(f.as_integer_ratio() for f in factors))
    return _interpolate(layer, op, mode, scale_factor=tuple(map(float, factors)))


def resize(layer: Layer) -> str:
    op = layer.op
    assert isinstance(op, Resize)
    sizes = f"{layer.inputs[1]}.shape[2:]" if op.size is None else per_axis(op.size, layer.axes, "size")
    mode = _mode(layer, op)
    if mode is None or op.region is not None:
        half = len(op.region or ()) // 2
        region = tuple(zip(op.region[:half], op.region[half:], strict=True)) if op.region else None
        return _resized(
            layer,
            op,
            sizes=sizes if isinstance(sizes, str) else list(sizes),
            region=region,
            value=unless(op.value, 0.0),
        )
    return _interpolate(layer, op, mode, size=sizes)


def _mode(layer: Layer, op: Resampling) -> str | None:
    """The mode of `F.interpolate` that gives the same values; `None` where there is none."""
    placed = op.placed()
    if op.mode == "nearest":
        return {("asymmetric", "floor"): "nearest", ("half_pixel", "half_up"): "nearest-exact"}.get(
            (placed, op.rounding)
        )
    plain = placed == "half_pixel" or (placed == "align_corners" and not op.antialias)
    usual = op.leaves_outside() == op.antialias and op.keys_coefficient() == (-0.5 if op.antialias else -0.75)
    if op.mode == "cubic":
        return "bicubic" if plain and usual else None
    same = plain and (not op.antialias or (layer.axes == 2 and op.leaves_outside()))
    return ("linear", "bilinear", "trilinear")[layer.axes - 1] if same else None


def _same_sizes(layer: Layer, factors: tuple[Fraction, ...]) -> bool:
    """Whether the floor of size x factor in floating point is the floor."""
    sizes = zip(layer.types[0].spatial, layer.outputs[0].spatial, factors, strict=True)
    return all(_exact(f) or (isinstance(old, int) and int(old * float(f)) == new) for old, new, f in sizes)


def _exact(factor: Fraction) -> bool:
    """Whether a float holds it."""
    return factor.denominator & (factor.denominator - 1) == 0


def _interpolate(layer: Layer, op: Resampling, mode: str, **to: object) -> str:
    smooth = not mode.startswith("nearest")
    return call(
        "F.interpolate",
        layer.x,
        **to,
        mode=None if mode == "nearest" else repr(mode),
        align_corners=op.placed() == "align_corners" if smooth else None,
        antialias=unless(op.antialias, False),
    )


def _resized(layer: Layer, op: Resampling, **to: object) -> str:
    text = call(
        "resized",
        layer.x,
        repr(op.mode),
        repr(op.placed()),
        **to,
        rounding=repr(op.rounding) if op.rounding != "floor" else None,
        coefficient=op.keys_coefficient() if op.mode == "cubic" else None,
        antialias=unless(op.antialias, False),
        exclude_outside=unless(op.leaves_outside(), False),
    )
    return layer.helper(text)
