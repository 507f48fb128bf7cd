"""The inputs and outputs of a model."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Final

from specc.diagnostics import Diagnostic, Label
from specc.diagnostics.suggest import nearest
from specc.dims import Dim, Sym, symbol
from specc.elaborate.batch import check_apart
from specc.elaborate.expressions import Frame, evaluate
from specc.elaborate.modules import BlockDefinition, ModelDefinition
from specc.elaborate.reads import sizes_in
from specc.elaborate.report import Failed, Reporter
from specc.elaborate.values import BROKEN, LayerValue, LayerValues, Value, Word, describe, kind, quoted, whole
from specc.ir.graph import GraphInput, GraphOutput
from specc.ops.fields import LARGEST_SIZE
from specc.source import Span
from specc.syntax import ast
from specc.types import Layout, TensorType, unspeak

INPUT_ARGUMENTS: Final = ("layout", "range", "mean", "std")
OUTPUT_ARGUMENTS: Final = ("from", "labels")
MAX_RANK: Final = 4
PIXELS: Final = (1, 3, 4)
"""Channels of grey, RGB and RGBA images."""
_BYTE: Final = 255
_LISTED: Final = ("mean", "std", "range")
"""Arguments that are lists of numbers."""
_LAYOUTS: Final = {"channels_last": "hwc", "nhwc": "hwc", "channels_first": "chw", "nchw": "chw"}
"""What other frameworks call the layouts."""
BATCHES: Final = frozenset({"n", "b", "bs", "batch", "batch_size"})
"""What nobody calls channels."""


def graph_input(
    statement: ast.Input, frame: Frame, report: Reporter, others: Sequence[GraphInput], batch: Sym
) -> tuple[GraphInput, Layout]:
    """The declared input, with this `batch` unless it names its own, and the model's layout.  Raises `Failed`."""
    for other in others:
        if other.name == statement.name.id:
            raise Failed  # the resolver has reported the name
    _check_one_shape(statement, report)
    values, places = _arguments(statement.args, INPUT_ARGUMENTS, "input", frame, report)
    layout = _layout(values, places, frame, report, bool(others))
    shape = _shape(statement.shape, frame, report, layout, batch)
    check_apart(statement, shape, others, report)
    x = TensorType(_without_batch(statement, shape, layout, report))
    mean = _per_channel("mean", values, places, x, report)
    std = _per_channel("std", values, places, x, report)
    if std is not None and any(value <= 0 for value in std):
        report.error("E0305", places["std"], "`std` must be above 0")
        std = None
    span = _range(values, places, report)
    _warn_beyond_range(mean, std, span, places, report)
    declared = GraphInput(name=statement.name.id, type=x, range=span, mean=mean, std=std, doc=statement.doc)
    return declared, layout


def _check_one_shape(statement: ast.Input, report: Reporter) -> None:
    """E0303 for `input image 3, 32, 32`."""
    sizes = [statement.shape, *(argument.value for argument in statement.args if argument.key is None)]
    if len(sizes) > 1 and all(isinstance(size, ast.Number | ast.Name) for size in sizes):
        texts = [size.span.text for size in sizes]
        place = sizes[0].span.to(sizes[-1].span)
        shape = "x".join(texts) if texts[0].isdigit() else f"[{', '.join(texts)}]"
        raise report.error("E0303", place, "the sizes of an input are one shape", help=f"did you mean `{shape}`?")


def graph_output(statement: ast.Output, frame: Frame, report: Reporter) -> GraphOutput:
    """The declared output.  Raises `Failed`."""
    values, places = _arguments(statement.args, OUTPUT_ARGUMENTS, "output", frame, report)
    value = _returned(statement, values, places, frame, report)
    if value.type is None:
        raise Failed
    labels = _class_names(values, places, value.type, report)
    return GraphOutput(name=statement.name.id, value=value.name, labels=labels)


def block_output(statement: ast.Output, frame: Frame, report: Reporter) -> LayerValue:
    """The value that an `output` line of a block returns.  Raises `Failed`."""
    values, places = _arguments(statement.args, ("from",), "output", frame, report)
    return _returned(statement, values, places, frame, report)


def _returned(
    statement: ast.Output, values: dict[str, Value], places: dict[str, Span], frame: Frame, report: Reporter
) -> LayerValue:
    name = statement.name
    value = values.get("from", frame.scope.find(name.id))
    if value is None:
        value = frame.current
    if isinstance(value, LayerValues | tuple):
        raise _several(statement, value, frame, report)
    if value is None:
        raise report.error("E0211", statement.span, "there is no value yet that could be an output")
    if not isinstance(value, LayerValue):
        place = places.get("from", name.span)
        raise report.error("E0208", place, f"an output is the value of a layer, not {describe(value)}")
    return value


def _several(statement: ast.Output, value: LayerValues | tuple[Value, ...], frame: Frame, report: Reporter) -> Failed:
    """E0408 for an output that would be a list, with the ways to return its values."""
    name = statement.name.id
    given = next((a.value for a in statement.args if a.key is not None and a.key.id == "from"), statement.name)
    count = len(value.items if isinstance(value, LayerValues) else value)
    help = f"label the values and name one: `output {name}, from=...`"
    if isinstance(given, ast.Name) and frame.scope.binds(given.id) and count:
        one, others = f"`output {name}_0, from={given.id}[0]`", f"`concat {given.id}`"
        help = f"return each with a line of its own, {one}, or one value made of all: {others} above"
    return report.error("E0408", statement.span, f"an output is one value, not a list of {count}", help=help)


def _arguments(
    args: Sequence[ast.Argument], names: tuple[str, ...], what: str, frame: Frame, report: Reporter
) -> tuple[dict[str, Value], dict[str, Span]]:
    """The arguments' values and places.  One in error is left out, or stands for what was most likely meant."""
    values: dict[str, Value] = {}
    places: dict[str, Span] = {}
    for argument in _bracketed(args, names, report):
        name = _argument_name(argument, names, what, places, report)
        if name is None or name in values:
            continue
        try:
            values[name] = _argument_value(name, argument.value, frame, report)
            places[name] = argument.value.span
        except Failed:
            continue
    return values, places


def _bracketed(args: Sequence[ast.Argument], names: tuple[str, ...], report: Reporter) -> Iterator[ast.Argument]:
    """The arguments, but for the numbers of `mean=0.485, 0.456, 0.406` (E0303): with them it is a list."""
    last: ast.Argument | None = None
    for index, argument in enumerate(args):
        if (
            argument.key is None
            and isinstance(argument.value, ast.Number)
            and last is not None
            and last.key is not None
        ):
            before = args[index - 1]
            if before is last and last.key.id in _LISTED and last.key.id in names:
                rest = takewhile(lambda a: a.key is None and isinstance(a.value, ast.Number), args[index:])
                items = ", ".join(a.value.span.text for a in (last, *rest))
                report.error("E0303", argument.span, "a list stands in brackets", help=f"`{last.key.id}=[{items}]`")
            if last.key.id in _LISTED:
                continue
        last = argument
        yield argument


def _argument_name(
    argument: ast.Argument, names: tuple[str, ...], what: str, places: dict[str, Span], report: Reporter
) -> str | None:
    key = argument.key
    if key is None:
        report.error(
            "E0303", argument.span, f"`{what}` takes its further arguments by name", help=f"they are {quoted(names)}"
        )
        return None
    if key.id not in names:
        guess = nearest(key.id, names)
        report.error(
            "E0301", key.span, f"`{what}` has no argument `{key.id}`", "unknown argument",
            help=f"did you mean `{guess}`?" if guess else f"it takes {quoted(names)}",
        )  # fmt: skip
        return guess
    if key.id in places:
        first = Label(places[key.id], "first given here")
        report.add(Diagnostic("E0307", f"`{key.id}` is given twice", key.span, "again here", labels=(first,)))
    return key.id


def _without_batch(statement: ast.Input, shape: tuple[Dim, ...], layout: Layout, report: Reporter) -> tuple[Dim, ...]:
    """The shape; for `Nx3x32x32`, by which nobody means a volume with N channels, that of the image, after E0404."""
    batch, *sizes = TensorType(shape).spoken(layout)[1:]
    if not (has_written_batch(statement, batch, sizes, layout) and str(batch).lower() in BATCHES):
        return shape
    image = [str(size) for size in sizes]
    report.error(
        "E0404", statement.shape.span, "the batch is not written in the shape of an input",
        help=f"an image is `{'x'.join(image)}`; a list may name the batch: `[{batch}, {', '.join(image)}]`",
    )  # fmt: skip
    return unspeak((batch, *sizes), layout)


def has_written_batch(statement: ast.Input, batch: Dim | None, sizes: Sequence[Dim], layout: Layout) -> bool:
    """Whether what is read as a volume looks like an image with its batch."""
    volume = isinstance(statement.shape, ast.Size) and len(sizes) == 3
    return volume and isinstance(batch, Sym) and sizes[0 if layout == "chw" else -1] in PIXELS


def _argument_value(name: str, value: ast.Expr, frame: Frame, report: Reporter) -> Value:
    if name == "layout" and isinstance(value, ast.Name) and not frame.scope.binds(value.id):
        return Word(value.id)
    return evaluate(value, frame, report)


def _layout(values: dict[str, Value], places: dict[str, Span], frame: Frame, report: Reporter, further: bool) -> Layout:
    value = values.get("layout", frame.layout if further else "chw")
    if value not in ("chw", "hwc"):
        guess = _LAYOUTS.get(str(value).lower()) or nearest(str(value), ("chw", "hwc"))
        report.error(
            "E0306", places["layout"], f"`layout` takes `chw` or `hwc`, not {describe(value)}",
            help=f"did you mean `{guess}`?" if guess else None,
        )  # fmt: skip
        value = guess
    if further and value != frame.layout:
        report.error("E0306", places["layout"], "all inputs of a model have the same layout")
    return "hwc" if value == "hwc" else "chw"


def _shape(expression: ast.Expr, frame: Frame, report: Reporter, layout: Layout, unnamed: Sym) -> tuple[Dim, ...]:
    """The canonical shape with its batch: a size, or a list that may begin with the batch's name, else `unnamed`."""
    parts = _parts(expression, frame, report)
    batch: Dim = unnamed
    sizes = parts
    if isinstance(expression, ast.List) and parts and isinstance(parts[0], Sym) and len(parts) > 1:
        batch, sizes = parts[0], parts[1:]
    if not 1 <= len(sizes) <= MAX_RANK:
        raise report.error(
            "E0404", expression.span, f"an input has 1 to {MAX_RANK} sizes, not {len(sizes)}",
            help="such as 784, 3x224x224, or [N, 3, H, W] for open sizes",
        )  # fmt: skip
    if (largest := max(size for size in (*sizes, 0) if isinstance(size, int))) > LARGEST_SIZE:
        raise report.error("E0703", expression.span, f"the size {largest} is not below 2 ** 63")
    return unspeak((batch, *sizes), layout)


def _parts(expression: ast.Expr, frame: Frame, report: Reporter) -> list[Dim]:
    if isinstance(expression, ast.Size):
        return [_size(part, expression.span, frame, report) for part in expression.parts]
    if isinstance(expression, ast.List):
        return [_item(item, frame, report) for item in expression.items]
    if isinstance(expression, ast.Name) and frame.scope.find(expression.id) is None:
        return [_size(name, expression.span, frame, report) for name in sizes_in(expression.id)]
    value = evaluate(expression, frame, report)
    items = value if isinstance(value, tuple) else (value,)
    return [_whole(item, expression.span, report) for item in items]


def _item(item: ast.Expr, frame: Frame, report: Reporter) -> Dim:
    if isinstance(item, ast.Name) and item.id != "in":
        return _size(item.id, item.span, frame, report)
    return _whole(evaluate(item, frame, report), item.span, report)


def _size(part: int | str, span: Span, frame: Frame, report: Reporter) -> Dim:
    if isinstance(part, int):
        return _whole(part, span, report)
    if part == "_":
        raise report.error("E0304", span, "an input's sizes must be numbers or names, not `_`",
                           help="a name such as H leaves a size open")  # fmt: skip
    bound = frame.scope.find(part)
    if bound is BROKEN:
        raise Failed
    if isinstance(bound, BlockDefinition | ModelDefinition):
        raise report.error(
            "E0304", span, f"`{part}` is {kind(bound)} of this file, and cannot be an open size here",
            help="call one of them otherwise",
        )  # fmt: skip
    return symbol(part) if bound is None else _whole(bound, span, report)


def _whole(given: Value, span: Span, report: Reporter) -> Dim:
    value = whole(given)
    if isinstance(value, Sym):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise report.error("E0304", span, f"a size is a whole number, not {describe(value)}")
    if value < 1:
        raise report.error("E0305", span, f"a size is at least 1, not {value}")
    return value


def _per_channel(
    name: str, values: dict[str, Value], places: dict[str, Span], x: TensorType, report: Reporter
) -> tuple[float, ...] | None:
    if name not in values:
        return None
    numbers = _numbers(name, values[name], places[name], report)
    if len(numbers) not in (1, x.channels):
        report.error(
            "E0304", places[name], f"`{name}` has {len(numbers)} numbers for {x.channels} channels",
            help="give one number, or one for each channel",
        )  # fmt: skip
        return None
    return numbers


def _range(values: dict[str, Value], places: dict[str, Span], report: Reporter) -> tuple[float, float]:
    if "range" not in values:
        return (0.0, 1.0)
    numbers = _numbers("range", values["range"], places["range"], report)
    if len(numbers) != 2 or not numbers[0] < numbers[1]:
        report.error("E0304", places["range"], "`range` takes the lowest and the highest pixel value, as in `[0, 1]`")
        return (0.0, 1.0)
    return (numbers[0], numbers[1])


def _numbers(name: str, value: Value, span: Span, report: Reporter) -> tuple[float, ...]:
    items = value if isinstance(value, tuple) else (value,)
    if not items or not all(isinstance(item, int | float) and not isinstance(item, bool) for item in items):
        raise report.error("E0304", span, f"`{name}` takes numbers, not {describe(value)}")
    if any(abs(item) > sys.float_info.max for item in items):
        raise report.error("E0703", span, f"`{name}` takes no number as large as this")
    return tuple(float(item) for item in items)


def _warn_beyond_range(
    mean: tuple[float, ...] | None,
    std: tuple[float, ...] | None,
    span: tuple[float, float],
    places: dict[str, Span],
    report: Reporter,
) -> None:
    """W0107 for a mean that no values within `span` have, and for a deviation wider than it."""
    low, high = span
    for name, numbers, least, most in (("mean", mean, low, high), ("std", std, 0.0, high - low)):
        beyond = next((number for number in numbers or () if not least <= number <= most), None)
        if numbers and most >= _BYTE and 0 < max(numbers) < 1:
            beyond = max(numbers)
        if beyond is None:
            continue
        message = f"`{name}` is {beyond:g} where values are from {low:g} to {high:g}"
        meant = "[0, 255]" if most < beyond <= _BYTE else "[0, 1]"
        help = f"`mean` and `std` are those of values in the `range`, which would be `range={meant}`"
        report.add(Diagnostic("W0107", message, places[name], help=help))
        return


def _class_names(
    values: dict[str, Value], places: dict[str, Span], x: TensorType, report: Reporter
) -> tuple[str, ...] | None:
    if "labels" not in values:
        return None
    value = values["labels"]
    if not isinstance(value, tuple) or not all(isinstance(item, str) and not isinstance(item, Word) for item in value):
        raise report.error("E0304", places["labels"], '`labels` is a list of texts, as in `["cat", "dog"]`')
    if isinstance(x.channels, int) and len(value) != x.channels:
        raise report.error("E0304", places["labels"], f"{len(value)} labels for {x.channels} classes")
    _warn_of_labels(value, places["labels"], report)
    return tuple(str(item) for item in value)


def _warn_of_labels(labels: tuple[str, ...], place: Span, report: Reporter) -> None:
    """W0107 for a label without text, and for one that two classes have."""
    counts = Counter(label.strip() for label in labels)
    if "" in counts:
        message = f"class {labels.index('')} has an empty label" if "" in labels else "a label is blank"
        report.add(Diagnostic("W0107", message, place, help="classes are counted from 0; each has a text of its own"))
        return
    label, times = counts.most_common(1)[0]
    if times > 1:
        classes = [str(index) for index, other in enumerate(labels) if other.strip() == label]
        shown = f"{', '.join(classes[:-1])} and {classes[-1]}"
        message = f'the label "{label}" stands for classes {shown}'
        report.add(Diagnostic("W0107", message, place, help="classes are counted from 0; each has a text of its own"))
