"""What helps where a value does not suit its argument; imported where something is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from specc.diagnostics import Label
from specc.diagnostics.suggest import SYNONYMS
from specc.dims import Sym
from specc.elaborate.arithmetic_advice import NEAREST_EXACT
from specc.elaborate.expressions import Frame
from specc.elaborate.modules import BlockDefinition
from specc.elaborate.scope import Scope
from specc.elaborate.slips import abbreviation
from specc.elaborate.values import LayerValue, LayerValues, Value, show
from specc.elaborate.words import activations, choices, known_words
from specc.ops import BY_WORD
from specc.ops.base import Op
from specc.source import Span
from specc.syntax import ast

_CLOSING: Final = ("pad", "border", "round", "init")
"""Arguments whose words other notations write behind the others, as activations are written here."""
_ENUMERATED: Final = re.compile(r"\s+in\s+enumerate\(")
_PRODUCT: Final = re.compile(r"\s*\d+(\s*\*\s*\d+)+")


def open_sizes(argument: str, value: Value) -> str | None:
    """What takes the place of open sizes in the list of all sizes, `sizes` of `reshape`."""
    if argument != "sizes":
        return None
    sizes = [
        "-1" if isinstance(item, Sym) else show(item) for item in (value if isinstance(value, tuple) else (value,))
    ]
    if sizes.count("-1") == 1:
        items = ", ".join(sizes)
        return f"-1 stands for the one size that stays open: `({items})`"
    return "one size may stay open, written -1; for a height and width, `reshape 64, like=x` takes those of `x`"


def paired_sides(value: Value) -> str | None:
    """How Keras's and NumPy's `((1, 2), (3, 4))`, a pair for each axis, is written: begins before ends."""
    if not isinstance(value, tuple) or not all(isinstance(item, tuple) and len(item) == 2 for item in value):
        return None
    sides = [begin for begin, _ in value] + [end for _, end in value]
    return f"first the begins of all axes, then the ends, (top, left, bottom, right): `pad={_call(sides)}`"


def swapped(written: ast.Expr | None, channels: Value, kernel: Value) -> str | None:
    """How `conv 3x3, 64` is written: the number of channels before the window."""
    if not isinstance(written, ast.Size | ast.List) or isinstance(kernel, bool) or not isinstance(kernel, int):
        return None
    return f"the channels stand before the window: `{kernel}, {'x'.join(map(show, channels))}`"


def _call(items: Sequence[Value]) -> str:
    return f"({', '.join(map(show, items))})"


def one_value(expression: ast.Expr | None) -> str:
    """Which of several values an operation works on that takes a single one."""
    if isinstance(expression, ast.Name) and expression.id != "in":
        name = expression.id
        return f"`{name}` is a list of values here: `{name}[-1]` is the last one, `concat {name}` joins all of them"
    if isinstance(expression, ast.List) and expression.items:
        items = ", ".join(item.span.text for item in expression.items)
        return f"`concat {items}` joins them along the channels, `add {items}` is their sum"
    return "label the values, `a, b: split 2`, and say which with `from=a`"


class Hidden(NamedTuple):
    """A word of the language that a name of the file hides: where that is defined, and what helps."""

    labels: tuple[Label, ...] = ()
    help: str | None = None


def hidden(written: ast.Expr | None, frame: Frame) -> Hidden:
    """What hides the word that stands there; nothing where none is hidden."""
    name = written.id if isinstance(written, ast.Name) else ""
    block = name != "" and _hides_block(name, frame)
    if not frame.scope.binds(name) or not (block or name in known_words()):
        return Hidden()
    kind = "activation" if name in activations() else "operation" if name in BY_WORD else "word"
    if block:
        kind = "block"
    place = _place(name, frame)
    labels = () if place is None else (Label(place, f"hides the {kind} `{name}` from here on"),)
    return Hidden(labels, f"a name defined here hides the {kind} `{name}`: call it otherwise")


def _hides_block(name: str, frame: Frame) -> bool:
    """Whether a name further out is that of a block."""
    found = []
    scope: Scope | None = frame.scope
    while scope is not None:
        found += [scope.names[name]] if name in scope.names else []
        scope = scope.parent
    return len(found) > 1 and isinstance(found[-1], BlockDefinition)


def worked_on(written: ast.Expr, value: Value) -> str | None:
    """How a value is written that an operation is to work on, where an activation stands."""
    named = isinstance(written, ast.Name) and isinstance(value, LayerValue | LayerValues)
    return f"what the operation works on stands behind `from=`: `from={written.span.text}`" if named else None


def named(word: str, target: type[Op] | None = None) -> str | None:
    """The arguments, of the operation `target` or of any, that take a word which stands where an activation does:
    `pad=same`."""
    own = () if target is None else [n for n, f in target.model_fields.items() if word in choices(f.annotation)]
    if own:
        return f"did you mean {' or '.join(f'`{name}={word}`' for name in own)}?"
    fields = [(name, op.model_fields[name]) for op in BY_WORD.values() for name in _CLOSING if name in op.model_fields]
    if short := abbreviation(word):
        return f"did you mean `{short}`?"
    found = dict.fromkeys(name for name, field in fields if word in choices(field.annotation))
    if found:
        return f"did you mean {' or '.join(f'`{name}={word}`' for name in found)}?"
    key = SYNONYMS.get(word, word)
    return f"did you mean the argument `{key}=`?" if any(key in op.model_fields for op in BY_WORD.values()) else None


def other(
    op: type[Op], argument: str, written: ast.Expr | None, value: Value, others: Mapping[str, Value]
) -> str | None:
    """What is meant by a value that does not suit an argument of `op`, where it is no misspelt word."""
    if argument == "pad":
        return _padding_word(op, value) or causal(value, others) or paired_sides(value)
    if argument == "channels":
        return swapped(written, value, others.get("kernel"))
    if value in ("same", "same_lower", "valid") and argument == "amount":
        return f"`pad={value}` is an argument of layers with a window, as in `conv 64, 3x3, pad={value}`"
    if op.word == "resize" and argument == "size" and _is_factor(value):
        return f"`upsample {show(value)}` takes factors"
    if argument == "mode" and value == "nearest-exact":
        return NEAREST_EXACT
    first = others.get(op.positional[0]) if op.positional else None
    if argument == "mode" and isinstance(first, int) and isinstance(value, int):
        return f"the numbers of all axes are one argument: `{op.word} {show(first)}x{show(value)}`"
    if argument in ("weight", "bias") and isinstance(value, str):
        return "trained values come from files of weights, for all layers at once: `--weights model.safetensors`"
    return None


def _padding_word(op: type[Op], value: Value) -> str | None:
    """`pad=reflect` says what padding holds, and `pad=true` that there is some."""
    if value is True or value is False:
        return f"`pad={'same' if value else 'valid'}`, or a number of positions: `pad=1`"
    border = value if isinstance(value, str) else ""
    border = {"zero": "zeros", "constant": "zeros"}.get(border, border)
    if "border" not in op.model_fields or border not in choices(op.model_fields["border"].annotation):
        return None
    return f"what padding holds is its border: `pad=same, border={border}`, or `pad=1, border={border}`"


def _is_factor(value: Value) -> bool:
    """Whether `resize` was given what `upsample` takes, a factor that is no whole number."""
    items = value if isinstance(value, tuple) else (value,)
    return all(isinstance(item, int | float) for item in items) and any(item > 0 and item % 1 for item in items)


def as_product(name: Span) -> str | None:
    """The shape that is meant by `input x 3*32*32`, of which this is the place of the name."""
    sizes = _PRODUCT.match(name.source.text, name.end)
    if sizes is None:
        return None
    return f"a product is one number: did you mean `{re.sub('[^0-9]+', 'x', sizes[0].strip())}`?"


def source(args: Sequence[ast.Argument]) -> ast.Expr | None:
    """What `from=` names."""
    return next((a.value for a in args if a.key is not None and a.key.id == "from"), None)


def enumerated(written: ast.Expr | None, frame: Frame) -> str | None:
    """What to say of `x` in `for x in enumerate(xs)`, which is a list of the index and the item."""
    place = _place(written.id, frame) if isinstance(written, ast.Name) else None
    if place is None or not _ENUMERATED.match(place.source.text, place.end):
        return None
    return f"`for i, {place.text} in enumerate(...)` takes the index and the item apart"


def _place(name: str, frame: Frame) -> Span | None:
    """Where the name is bound."""
    scope: Scope | None = frame.scope
    while scope is not None and name not in scope.names:
        scope = scope.parent
    return None if scope is None else scope.places.get(name)


def labels_meant(statement: ast.Operation | ast.Residual, count: int) -> str | None:
    """What to say of another number of labels than the statement has values, which are `count`."""
    if isinstance(statement, ast.Residual):
        return None
    word, labels = statement.name.id, [label.id for label in statement.labels]
    op = BY_WORD.get(word)
    if op is None:
        outputs = " and ".join(f"`output {label}`" for label in labels)
        return (
            f"`{word}` returns the value of its last line; lines {outputs} in it return several" if count == 1 else None
        )
    if op.several:
        return f"`{word} {len(labels)}` makes {len(labels)} values"
    if op.leads:
        return f"`{word}` has two results, its values and their positions: `{labels[0]}, {labels[1]}: {word} ...`"
    return "a label stands before a line of its own: " + " and ".join(f"`{label}: {word} ...`" for label in labels[:2])


def causal(value: Value, others: Mapping[str, Value]) -> str | None:
    """How Keras's `padding="causal"` is written: all of it before the beginning."""
    if not isinstance(value, str) or value != "causal":
        return None
    kernel, dilation = _single(others.get("kernel")), _single(others.get("dilation", 1))
    if kernel is None or dilation is None:
        return "pad the beginning alone: `pad=(k - 1, 0)` for a kernel of k along the length, times the dilation"
    return f"pad the beginning alone: `pad=({(kernel - 1) * dilation}, 0)`"


def _single(value: Value | None) -> int | None:
    """The number that stands for every axis."""
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, int) else None
