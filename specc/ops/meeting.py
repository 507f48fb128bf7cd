"""Where several values meet: which shapes agree, under which conditions, and what to say where they do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from specc.dims import Dim, Divides, meet, simplest
from specc.ops.axes import axis_name
from specc.ops.base import Rejection, Types
from specc.types import Layout, TensorType


def check_meeting(word: str, inputs: Types, layout: Layout, stretches: bool = False, free: int | None = None) -> None:
    """Raises E0403 unless all sizes agree but those of the canonical axis `free`.

    With `stretches` a value may have a single channel, or a single position, for all of the others'.
    """
    ranks = {x.rank for x in inputs}
    if len(ranks) > 1:
        raise _refusal(word, inputs, layout, "values with the same number of axes", [])
    allowed = {axis for axis in range(1, ranks.pop() + 1) if stretches} if _whole(inputs) else set()
    wrong = [i for i in range(len(inputs[0].shape)) if i != free and not _agree(inputs, i, i in allowed)]
    if wrong:
        raise _refusal(word, inputs, layout, _needs(wrong, inputs[0], free), wrong)


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


def _whole(inputs: Types) -> bool:
    """Whether every value that is 1 on a spatial axis where another is not is 1 on all of them."""
    largest = [joint_size([x.shape[i] for x in inputs]) for i in range(2, inputs[0].rank + 1)]
    for x in inputs:
        single = [size == 1 for size, top in zip(x.spatial, largest, strict=True) if top != 1]
        if any(single) and not all(single):
            return False
    return True


def _agree(inputs: Types, index: int, stretch: bool) -> bool:
    sizes = [x.shape[index] for x in inputs]
    if stretch:
        sizes = [size for size in sizes if size != 1] or [1]
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


def _refusal(word: str, inputs: Types, layout: Layout, needs: str, wrong: Sequence[int]) -> Rejection:
    return Rejection(
        "E0403",
        f"the branches of `{word}` do not meet",
        label=f"needs {needs} from every branch",
        inputs={i: x.text(layout) for i, x in enumerate(inputs)},
        notes=list(_differences(inputs, wrong)),
        help=_remedy(inputs, wrong),
    )


def _differences(inputs: Types, wrong: Sequence[int]) -> Iterator[str]:
    for index in wrong:
        sizes = dict.fromkeys(str(x.shape[index]) for x in inputs)
        yield f"{_axis_name(index, inputs[0])}: {' != '.join(sizes)}"


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
        return f"`pad=same` keeps {'x'.join(map(str, top.spatial))}"
    factor = large // small
    if top.spatial == tuple(size * factor for size in bottom.spatial):
        return f"a stride of {factor} in the larger branch, or `upsample {factor}` after the smaller"
    return None


def _numbers(inputs: Types, axes: Sequence[int]) -> list[list[int]]:
    """The sizes of those axes on which no value has an open one."""
    known = ([size for x in inputs if isinstance(size := x.shape[axis], int)] for axis in axes)
    return [sizes for sizes in known if len(sizes) == len(inputs)]
