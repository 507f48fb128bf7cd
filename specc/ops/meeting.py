"""Where several values meet: which shapes agree, under which conditions, and what to say where they do not."""

from __future__ import annotations

from collections.abc import Sequence

from specc.agreement import meet, simplest
from specc.dims import Dim, Divides
from specc.ops.axes import axis_name
from specc.ops.base import Rejection, Types
from specc.types import Layout, TensorType


def check_meeting(word: str, inputs: Types, layout: Layout, stretches: bool = False, free: int | None = None) -> None:
    """Raises E0403 unless all sizes agree but those of the canonical axis `free`.

    With `stretches` a size of 1 agrees with any, but for the batch's.
    """
    ranks = {x.rank for x in inputs}
    if len(ranks) > 1:
        raise _refusal(word, inputs, layout, "values with the same number of axes", [], _remedy(inputs, []))
    axes = [_told(sizes) if stretches and i > 0 else sizes for i, sizes in enumerate(by_axis(inputs))]
    wrong = [i for i, sizes in enumerate(axes) if i != free and not _agree(sizes)]
    if wrong:
        notes = [f"{_axis_name(i, inputs[0])}: {' != '.join(dict.fromkeys(map(str, axes[i])))}" for i in wrong]
        whole = tuple(x for x in inputs if not stretches or all(x.shape[i] != 1 for i in wrong))
        raise _refusal(word, inputs, layout, _needs(wrong, inputs[0], free), notes, _remedy(whole, wrong))


def joint_size(sizes: Sequence[Dim]) -> Dim:
    """The size of values that agree, in its simplest form; a 1 stretches."""
    joint, *rest = [size for size in sizes if size != 1] or [1]
    for size in rest:
        joint = simplest(joint, size)
    return joint


def meeting_conditions(sizes: Sequence[Dim]) -> tuple[Divides, ...]:
    """What open sizes must satisfy to be equal."""
    joint = joint_size(sizes)
    found = (meet(joint, size) for size in sizes)
    return tuple(condition for conditions in found for condition in conditions or ())


def by_axis(inputs: Types) -> list[tuple[Dim, ...]]:
    """The sizes of all values on each axis."""
    return list(zip(*(x.shape for x in inputs), strict=True))


def _told(sizes: Sequence[Dim]) -> tuple[Dim, ...]:
    """The sizes that must agree where a 1 stretches."""
    return tuple(size for size in sizes if size != 1)


def _agree(sizes: Sequence[Dim]) -> bool:
    return all(meet(sizes[0], size) is not None for size in sizes[1:])


def _needs(wrong: Sequence[int], x: TensorType, free: int | None) -> str:
    """What the values have to have in common: all the axes but the free one, the wrong ones told by name."""
    if wrong == [0]:
        return "the same batch"
    named = range(2, x.rank + 1) if free == 1 else [i for i in wrong if i > 0]
    *most, last = [_axis_name(i, x) for i in named]
    return f"the same {', '.join(most)} and {last}" if most else f"the same {last}"


def _axis_name(index: int, x: TensorType) -> str:
    if index == 0:
        return "batch"
    return axis_name(index, x.rank) if x.rank > 1 else "size"


def _refusal(word: str, inputs: Types, layout: Layout, needs: str, notes: Sequence[str], help: str | None) -> Rejection:
    return Rejection(
        "E0403",
        f"the branches of `{word}` do not meet",
        label=f"needs {needs} from every branch",
        inputs={i: x.text(layout) for i, x in enumerate(inputs)},
        notes=notes,
        help=help,
    )


def _remedy(inputs: Types, wrong: Sequence[int]) -> str | None:
    """The fix where the sizes show what is missing: padding, a stride, a 1x1 convolution, or a shape."""
    if not wrong:
        flat = any(x.rank == 1 for x in inputs)
        return "`reshape` makes a flat value an image, `flatten` an image flat" if flat else None
    if wrong == [0]:
        return "the batch is called `N` where an input does not name it: name it alike in all inputs, or in none"
    if wrong == [1] and inputs[0].rank > 1:
        window = "x".join("1" for _ in inputs[0].spatial)
        return f"a convolution with a {window} kernel gives a branch other channels"
    return _spatial_remedy(inputs, wrong) if min(wrong) > 1 else None


def _spatial_remedy(inputs: Types, wrong: Sequence[int]) -> str | None:
    """What all wrong axes show together; nothing where they differ in what they show."""
    first = [x.shape[wrong[0]] for x in inputs]
    ends = [(min(sizes), max(sizes)) for sizes in _numbers(inputs, wrong)]
    if len(ends) < len(wrong):
        return None
    if all(large - small == 1 and small % 2 == 0 for small, large in ends):
        return "an odd size loses a row where it is halved: choose an input that divides evenly, or `pad` the smaller"
    small, large = ends[0]
    top, bottom = inputs[first.index(large)], inputs[first.index(small)]
    if all(high - low <= 12 and high < 2 * low for low, high in ends):
        kept = "x".join(map(str, top.spatial))
        return f"`pad=same` keeps {kept} where it comes in; `crop like=` or `resize like=` fits one value to another"
    factor = large // small
    if top.spatial == tuple(size * factor for size in bottom.spatial):
        if small == 1:
            return f"`upsample {factor}` after the smaller" if top.rank > 2 else None
        return f"a stride of {factor} in the larger branch, or `upsample {factor}` after the smaller"
    return None


def _numbers(inputs: Types, axes: Sequence[int]) -> list[list[int]]:
    """The sizes of those axes on which no value has an open one."""
    known = ([size for x in inputs if isinstance(size := x.shape[axis], int)] for axis in axes)
    return [sizes for sizes in known if len(sizes) == len(inputs)]
