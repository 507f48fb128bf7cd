"""Lines about single axes and elements: slices, chosen positions, products of matrices, whole numbers."""

from __future__ import annotations

from math import prod

from tests.property.draft import AXES, Draft


def _axis(draft: Draft) -> tuple[str, int]:
    """An axis as the author calls it, and its place in the shape, channels first."""
    place = draft.random.randrange(1 + draft.axes)
    names = ("channels", *AXES[draft.axes])
    spoken = draft.spoken(tuple(range(len(names)))).index(place)
    return str(draft.random.choice((names[place], spoken, spoken - len(names)))), place


def _with(draft: Draft, place: int, size: int) -> tuple[int, ...]:
    return (*draft.shape[:place], size, *draft.shape[place + 1 :])


def slices(draft: Draft) -> None:
    """Every n-th position of an axis, forwards or backwards."""
    if draft.value.is_open:
        return
    axis, place = _axis(draft)
    size = draft.shape[place]
    start, step = draft.random.randrange(-size, size), draft.random.choice((-3, -2, -1, 1, 2, 3))
    first = start % size
    count = -(-(size - first) // step) if step > 0 else first // -step + 1
    draft.add(f"slice {axis}, {start}, step={step}", _with(draft, place, count))


def gather(draft: Draft) -> None:
    if draft.value.is_open:
        return
    axis, place = _axis(draft)
    size = draft.shape[place]
    numbers = [draft.random.randrange(-size, size) for _ in range(draft.random.randint(1, 5))]
    draft.add(f"gather {numbers}, {axis}", _with(draft, place, len(numbers)))


def elementwise(draft: Draft) -> None:
    if draft.value.is_open:
        return
    word, count = draft.random.choice((("prelu", 1), ("scale", 1), ("scale bias=true,", 2), ("bias", 1)))
    draft.add(f"{word} elementwise=true", None, count * prod(draft.shape))


def learned(draft: Draft) -> None:
    """Positions before the others that depend on nothing, or a value that is added."""
    if draft.value.is_open:
        return
    if draft.chance(0.4):
        shape = draft.spoken(draft.shape)
        draft.add(f"add {{ branch {{ }} branch {{ learned {list(shape)} }} }}", None, prod(shape))
        return
    axis, place = _axis(draft)
    size = draft.random.randint(1, 3)
    shape = _with(draft, place, size)
    text = "x".join(map(str, draft.spoken(shape)))
    branches = f"branch {{ learned {text}, init=normal }} branch {{ }}"
    draft.add(f"concat axis={axis} {{ {branches} }}", _with(draft, place, draft.shape[place] + size), prod(shape))


def dense(draft: Draft) -> None:
    """A dense layer along one axis."""
    axis, place = _axis(draft)
    if (False, *draft.value.open)[place]:
        return
    units, size = draft.random.randint(1, 6), draft.shape[place]
    bias = draft.chance(0.7)
    draft.add(
        f"dense {units}, axis={axis}{'' if bias else ', bias=false'}",
        _with(draft, place, units),
        units * (size + bias),
    )


def rows(draft: Draft) -> None:
    """Layer normalisation from some axis on."""
    if draft.value.is_open:
        return
    first = draft.random.randrange(1 + draft.axes)
    if draft.layout == "hwc":
        first = draft.random.choice((0, draft.axes))
    spoken = draft.spoken(draft.shape)
    over = draft.random.choice((first, first - len(spoken)))
    draft.add(f"layernorm over={over}, eps=1e-3", None, 2 * prod(spoken[first:]))


def product(draft: Draft) -> None:
    """A value with its last two axes exchanged times the value itself, as attention has it."""
    spoken = draft.spoken(draft.shape)
    if draft.value.is_open or len(spoken) < 2:
        return
    name = _labelled(draft, "tanh")
    rows, columns = len(spoken) - 2, len(spoken) - 1
    order = (*range(rows), columns, rows)
    draft.add(f"transpose ({', '.join(map(str, order))})")
    draft.add(f"matmul {name}", draft.canonical((*spoken[:rows], spoken[columns], spoken[columns])))


def power(draft: Draft) -> None:
    """Numbers between 0 and 1 to the power of others above 0."""
    name = _labelled(draft, "abs")
    draft.add(f"sigmoid; pow {name}")


def _labelled(draft: Draft, word: str) -> str:
    name = f"v{len(draft.labels)}"
    draft.add(f"{name}: {word}")
    draft.labels[name] = draft.value
    return name


def quantised(draft: Draft) -> None:
    """Whole numbers and back, or only one way.

    Not behind the transposes of channels-last models: ONNX Runtime 1.31 moves a quantisation over the transpose before
    it, and quantises the tensor before that too, which is wrong where it is an output, as here every value is.  Nor
    twice in a model: of two pairs its DoubleQDQPairsRemover makes one with a step of its own
    (https://github.com/microsoft/onnxruntime/pull/17015).
    """
    if draft.layout == "hwc" or any("quantize" in line for line in draft.lines):
        draft.add("round")
        return
    dtype = draft.random.choice(("uint8", "int8"))
    steps: object = draft.random.choice((0.02, 0.125, 1))
    zero = draft.random.randint(0, 100)
    if draft.chance(0.3) and draft.channels <= 8:
        steps = [draft.random.randint(1, 40) / 100 for _ in range(draft.channels)]
    arguments = f"{steps}, {zero}, {dtype}"
    draft.add(draft.random.choice((f"quantize {arguments}; dequantize {arguments}", f"quantize {arguments}", "round")))
