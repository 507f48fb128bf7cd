"""Resize and Upsample: what factors and sizes say about each axis, and how new positions get their values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import Any, Final

import numpy as np

from specc.dims import Dim
from specc.kernels.interpolation import by_size, nearest, places
from specc.onnx.importer.context import Context
from specc.onnx.importer.measuring import measured_value
from specc.onnx.importer.values import Decline, Live, Step, Value, short
from specc.onnx.importer.windows import compact
from specc.ops.fields import LARGEST_DENOMINATOR
from specc.ops.resize import ONNX_ROUNDING, Resampling, Resize, Upsample

ROUNDING: Final = {theirs: ours for ours, theirs in ONNX_ROUNDING.items()}
PLAIN: Final = ("half_pixel", "pytorch_half_pixel")
KNOWN: Final = (*PLAIN, "half_pixel_symmetric", "align_corners", "asymmetric", "tf_crop_and_resize")


def resize(ctx: Context, step: Step) -> list[Value]:
    """Factors that are fractions and sizes that are numbers; a size that is a multiple of the old one is a factor."""
    value = ctx.live(step)
    sizes = _sizes(ctx, step, value)
    like = _like(ctx, step, sizes)
    factors = _scales(ctx, step, value) if sizes is None else _multiples(ctx, value, sizes) if not like else None
    coordinates = step.word("coordinate_transformation_mode", "half_pixel") if ctx.opset >= 11 else "asymmetric"
    if coordinates not in KNOWN:
        raise Decline(f"{coordinates} coordinates have no counterpart")
    op: Resampling
    if coordinates == "tf_crop_and_resize":
        wanted = None if like else compact(_numbers(ctx, value, sizes))
        op = Resize(size=wanted, **_region(ctx, step, value), **_how(ctx, step, None))
    elif factors is not None:
        placed = _placed(ctx, value, factors, coordinates, step)
        op = Upsample(scale=compact(factors), **_how(ctx, step, placed, all(f.denominator == 1 for f in factors)))
    else:
        placed = "half_pixel" if coordinates == "half_pixel_symmetric" else coordinates
        wanted = None if like else _numbers(ctx, value, sizes)
        if placed == "pytorch_half_pixel" and 1 not in (wanted or sizes or ()):
            placed = "half_pixel"
        op = Resize(size=wanted and compact(wanted), **_how(ctx, step, placed))
    return [Live(ctx.add(step, op, value.value, *like), value.last)]


def _like(ctx: Context, step: Step, sizes: tuple[Dim, ...] | None) -> tuple[str, ...]:
    """The value whose open sizes are taken, if there is one."""
    if sizes is None or all(isinstance(size, int) for size in sizes):
        return ()
    found = measured_value(ctx, step.operand(3), sizes)
    return () if found is None else (found,)


def _how(ctx: Context, step: Step, coordinates: str | None, whole: bool = False) -> dict[str, Any]:
    """The arguments that say how, defaults left out; `whole` factors repeat every element as often."""
    mode = step.word("mode", "nearest")
    how: dict[str, Any] = {"mode": mode, "layout": ctx.builder.layout}
    if mode == "nearest":
        if step.integer("antialias", 0):
            raise Decline("its antialias has no meaning for the nearest element")
        rounding = step.word("nearest_mode", "round_prefer_floor") if ctx.opset >= 11 else "floor"
        if whole and coordinates in PLAIN and rounding.startswith("round_prefer"):
            return how
        return how | {"rounding": ROUNDING[rounding], "coordinates": _unless(coordinates, "asymmetric")}
    if mode not in ("linear", "cubic"):
        raise Decline(f"mode {mode} has no counterpart")
    how["antialias"] = bool(step.integer("antialias", 0))
    if mode == "cubic":
        how["coefficient"] = _unless(step.number("cubic_coeff_a", -0.75), -0.5 if how["antialias"] else -0.75)
    if mode == "cubic" or how["antialias"]:
        how["exclude_outside"] = _unless(bool(step.integer("exclude_outside", 0)), how["antialias"])
    if coordinates == "align_corners":
        return how | {"align_corners": True}
    return how | {"coordinates": _unless(coordinates, "half_pixel")}


def _unless(value: Any, default: Any) -> Any:
    return None if value == default else value


def _placed(ctx: Context, value: Live, factors: Sequence[Fraction], coordinates: str, step: Step) -> str:
    """The coordinates of factors, by the simplest of several words that mean the same."""
    sizes = ctx.type(value).spatial
    products = [size * f for size, f in zip(sizes, factors, strict=True) if isinstance(size, int)]
    if coordinates == "align_corners" and any(product.denominator > 1 for product in products) and not ctx.own:
        raise Decline(
            "align_corners by a factor that leaves a fraction: ONNX's text, ONNX Runtime and PyTorch place by the size "
            "rounded down, ONNX's reference by the product"
        )
    if coordinates == "half_pixel_symmetric" and all(f.denominator == 1 for f in factors):
        return "half_pixel"
    if coordinates == "pytorch_half_pixel":
        several = len(products) == len(factors) and all(floor(product) > 1 for product in products)
        linear = step.word("mode", "nearest") == "linear" and not step.integer("antialias", 0)
        nearest_whole = step.word("mode", "nearest") == "nearest" and all(f.denominator == 1 for f in factors)
        if several or nearest_whole or (linear and min(factors) >= 1):
            return "half_pixel"
    return coordinates


def _listed(ctx: Context, step: Step, value: Live) -> tuple[int, ...]:
    """The ONNX axes that scales and sizes speak of."""
    return step.integers("axes") or tuple(range(len(ctx.shape(value))))


def _scales(ctx: Context, step: Step, value: Live) -> tuple[Fraction, ...]:
    """The factor of each spatial axis."""
    known = ctx.optional(step, 1 if ctx.opset < 11 else 2)
    scales = known.array.reshape(-1).tolist() if known else step.attributes.get("scales")
    axes = _listed(ctx, step, value)
    if not scales or len(scales) != len(axes):
        raise Decline("it has neither factors nor sizes for its axes")
    factors = [Fraction(1)] * (ctx.type(value).rank + 1)
    for axis, scale in zip(axes, scales, strict=True):
        if scale != 1:
            factors[ctx.axis(value, axis)] = _fraction(scale)
    return _spatial(factors, Fraction(1))


def _fraction(scale: float) -> Fraction:
    """The fraction that a float32 stands for, or is rounded up from."""
    found = Fraction(scale).limit_denominator(LARGEST_DENOMINATOR) if np.isfinite(scale) else Fraction(0)
    near = np.float32(float(found))
    if found <= 0 or np.float32(scale) not in (near, np.nextafter(near, np.float32(np.inf))):
        raise Decline(f"its factor {scale:g} is no fraction with a denominator of at most {LARGEST_DENOMINATOR}")
    return found


def _spatial(values: list[Any], unchanged: Any) -> tuple[Any, ...]:
    """What is said of the spatial axes, where nothing happens to the channels."""
    if values[1] != unchanged or len(values) < 3:
        raise Decline("it resizes channels")
    return tuple(values[2:])


def _sizes(ctx: Context, step: Step, value: Live) -> tuple[Dim, ...] | None:
    """The new spatial sizes; `None` where there are factors instead."""
    sizes = ctx.sizes(step, 3) if step.operand(3) else None
    if sizes is None:
        return None
    axes = _listed(ctx, step, value)
    if len(sizes) != len(axes):
        raise Decline("it has sizes for other axes")
    shape = ctx.shape(value)
    changed: list[Dim] = list(ctx.type(value).shape)
    places = {}
    for axis, size in zip(axes, sizes, strict=True):
        if size != shape[axis] and not (axis == 0 and not ctx.lifted and size == ctx.batch):
            places[ctx.axis(value, axis)] = size
    policy = step.word("keep_aspect_ratio_policy", "stretch")
    if policy != "stretch":
        spoken = [ctx.axis(value, axis) for axis in axes]
        places = _in_proportion(ctx, step, value, dict(zip(spoken, sizes, strict=True)), policy)
    for place, size in places.items():
        changed[place] = size
    return _spatial(changed, ctx.type(value).channels)


def _in_proportion(ctx: Context, step: Step, value: Live, wanted: dict[int, Dim], policy: str) -> dict[int, Dim]:
    """The sizes that keep_aspect_ratio_policy makes of those that are wanted."""
    shape = ctx.type(value).shape
    given = {place: (shape[place], size) for place, size in wanted.items()}
    known = {place: (old, new) for place, (old, new) in given.items() if isinstance(old, int) and isinstance(new, int)}
    if len(known) < len(given):
        raise Decline(f"its policy {policy} depends on an open size")
    scale = {"not_larger": min, "not_smaller": max}[policy](Fraction(new, old) for old, new in known.values())
    sizes = {place: floor(scale * old + Fraction(1, 2)) for place, (old, _) in known.items()}
    if not all(_same_places(ctx, step, known[place][0], size, scale) for place, size in sizes.items()):
        raise Decline(f"its policy {policy} rounds a size, but places by the factor {scale}")
    return dict(sizes)


def _same_places(ctx: Context, step: Step, old: int, new: int, scale: Fraction) -> bool:
    """Whether it makes no difference that new positions lie by a factor and not by the quotient of the sizes."""
    if old * scale == new:
        return True
    if step.word("mode", "nearest") != "nearest":
        return False
    coordinates = step.word("coordinate_transformation_mode", "half_pixel")
    rounding = ROUNDING[step.word("nearest_mode", "round_prefer_floor")]
    axes = [replace(by_size(old, new), scale=factor) for factor in (scale, Fraction(new, old))]
    picks = [nearest(places(axis, coordinates), old, rounding) for axis in axes]
    return bool((picks[0] == picks[1]).all())


def _multiples(ctx: Context, value: Live, sizes: tuple[Dim, ...]) -> tuple[Fraction, ...] | None:
    """The whole factors that make the old sizes the new ones; `None` where there are none."""
    factors = [_multiple(size, old) for size, old in zip(sizes, ctx.type(value).spatial, strict=True)]
    found = tuple(Fraction(factor) for factor in factors if factor)
    return found if len(found) == len(factors) else None


def _multiple(size: Dim, old: Dim) -> int:
    if isinstance(size, int) and isinstance(old, int):
        return 0 if size % old else size // old
    return next((factor for factor in range(1, 65) if old * factor == size), 0)


def _numbers(ctx: Context, value: Live, sizes: tuple[Dim, ...] | None) -> tuple[int, ...]:
    if sizes is None:
        raise Decline("tf_crop_and_resize by a factor rounds in its own way")
    known = tuple(size for size in sizes if isinstance(size, int))
    if len(known) < len(sizes):
        raise Decline("its sizes depend on open ones, and are no multiples of them")
    return known


def _region(ctx: Context, step: Step, value: Live) -> dict[str, Any]:
    """The region that is resized, and what lies outside the image."""
    axes = _listed(ctx, step, value)
    ends = ctx.known(step, 1).array.reshape(-1).tolist()
    if len(ends) != 2 * len(axes):
        raise Decline("its region has not two ends for each axis")
    everything = (0.0, 1.0)
    parts = [everything] * (ctx.type(value).rank + 1)
    for axis, start, end in zip(axes, ends[: len(axes)], ends[len(axes) :], strict=True):
        if (start, end) != everything:
            parts[ctx.axis(value, axis)] = (short(start), short(end))
    starts, stops = zip(*_spatial(parts, everything), strict=True)
    return {"region": (*starts, *stops), "value": step.number("extrapolation_value", 0.0)}
