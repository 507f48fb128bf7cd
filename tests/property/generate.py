"""Random models that are valid by construction.

`network(seed, number)` is written line by line; every line fits by the author's own arithmetic, which shares nothing
with specc: a false refusal shows as well as a false acceptance.  Each line draws from a generator of its own, so that
leaving lines out keeps the others, and what is left is valid again: that is how a failure is made short.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from tests.property import layers, lists, picks, sharing, structures
from tests.property.draft import AXES, OPEN_NAMES, Draft, Value

Step = Callable[[Draft], None]
LONGEST = 12
IMAGE: tuple[Step, ...] = (
    *(layers.conv,) * 3, *(layers.pool,) * 3, layers.depthwise, layers.separable, layers.deconv, layers.fixed,
    layers.weighted_pool, layers.global_pool, layers.adaptive_pool, layers.activation, layers.soft_maximum,
    *(layers.norm,) * 2, layers.upsample, layers.resize, layers.resize_like, layers.unpool,
    layers.pad, layers.crop, layers.crop_like, *(layers.shuffle,) * 2, layers.reduce,
    layers.transpose, layers.reshape, layers.squeeze, layers.flatten,
    *(structures.label,) * 2, *(structures.merge,) * 2, *(structures.concat,) * 2, structures.back,
    structures.quotient, structures.number, structures.residual, structures.excitation, structures.branches,
    structures.factors_of_rows, structures.joined, structures.split, *(structures.hourglass,) * 2,
    structures.repeat, structures.loop, structures.condition, structures.call, structures.constant,
    picks.slices, picks.gather, picks.elementwise, picks.learned, picks.rows, picks.product, picks.power,
    picks.quantised, picks.dense,
    *(sharing.by_label, sharing.by_name, sharing.again) * 2, sharing.recurrent, sharing.twins, sharing.calls,
    lists.collected, lists.pyramid, lists.exchange, lists.halves, lists.parts, lists.carried,
)  # fmt: skip
FLAT: tuple[Step, ...] = (
    *(layers.dense,) * 4, layers.activation, layers.soft_maximum, layers.norm, layers.reshape, structures.label,
    structures.merge, structures.concat, structures.back, structures.split, structures.dense_residual,
    layers.reduce, layers.flatten, structures.condition, structures.quotient, structures.number,
    picks.slices, picks.gather, picks.elementwise, picks.learned, picks.power, picks.quantised,
    sharing.by_label, sharing.by_name, sharing.again, sharing.recurrent, sharing.calls, lists.carried,
)  # fmt: skip


@dataclass(frozen=True)
class Network:
    """A model's text, and what its author expects: outputs (canonical, without the batch), parameters, buffers.

    `sizes` are numbers for its open sizes, which the outputs' shapes are for.  `steps` are those that were kept.
    """

    text: str
    outputs: tuple[tuple[int, ...], ...]
    params: int
    buffers: int
    sizes: dict[str, int]
    steps: tuple[int, ...]


def network(seed: int, number: int, steps: tuple[int, ...] | None = None) -> Network:
    """The model of that number, or with `steps` what is left of it with these alone."""
    random = Random(f"{seed}/{number}")
    draft, sizes = _start(random)
    kept = tuple(range(random.randint(1, LONGEST))) if steps is None else steps
    for step in kept:
        before = replace(
            draft, lines=list(draft.lines), head=list(draft.head), labels=dict(draft.labels), shared=dict(draft.shared)
        )
        draft.random = Random(f"{seed}/{number}/{step}")
        draft.random.choice(IMAGE if draft.axes else FLAT)(draft)
        if draft.too_large():
            draft = before
        elif len(draft.lines) > len(before.lines) and not draft.lines[-1].startswith("if ") and draft.chance(0.15):
            draft.claim()
    draft.add("relu" if draft.chance(0.5) else "identity")
    outputs = _outputs(draft, Random(f"{seed}/{number}/outputs"))
    return Network(draft.text(), outputs, draft.params, draft.buffers, sizes, kept)


def _start(random: Random) -> tuple[Draft, dict[str, int]]:
    """One input, or two of the same sizes."""
    axes = random.choice((0, 1, 1, 2, 2, 2, 2, 2, 3))
    opened = tuple(random.random() < 0.6 for _ in range(axes)) if 0 < axes < 3 and random.random() < 0.25 else ()
    opened = opened or (False,) * axes
    top = (5 if axes == 3 else 12) if axes else 0
    spatial = tuple(random.randint(30, 41) if is_open else random.randint(3, top) for is_open in opened)
    shape = (random.randint(1, 6 if axes else 24), *spatial)
    layout = "hwc" if axes and random.random() < 0.25 else "chw"
    texts = [OPEN_NAMES[name] if o else str(n) for name, n, o in zip(AXES[axes], spatial, opened, strict=True)]
    words = [*texts, str(shape[0])] if layout == "hwc" else [str(shape[0]), *texts]
    how = ", layout=hwc" if layout == "hwc" else ""
    how += ", mean=0.4, std=0.3" if axes == 2 and random.random() < 0.1 else ""
    line = f"input x {'x'.join(words)}{how}" if random.random() < 0.7 else f"input x [N, {', '.join(words)}]{how}"
    value = Value(shape, opened)
    draft = Draft(random, layout, value, [line], labels={"x": value})
    if random.random() < 0.15:
        draft.add(line.replace("input x", "input y"))
        draft.labels["y"] = value
    sizes = {OPEN_NAMES[name]: n for name, n, o in zip(AXES[axes], spatial, opened, strict=True) if o}
    return draft, sizes


def _outputs(draft: Draft, random: Random) -> tuple[tuple[int, ...], ...]:
    """The last value, and sometimes one further above."""
    above = [name for name in draft.labels if name.startswith("v")]
    if not above or random.random() < 0.7:
        return (draft.shape,)
    name = random.choice(above)
    draft.lines += ["output last", f"output above, from={name}"]
    return draft.shape, draft.labels[name].shape
