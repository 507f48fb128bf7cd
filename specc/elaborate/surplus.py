"""What was meant by more arguments without names than an operation takes, and by fewer than it needs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from specc.diagnostics.suggest import nearest
from specc.elaborate.report import Reporter
from specc.elaborate.values import quoted
from specc.elaborate.words import activations
from specc.ops import BY_WORD
from specc.source import Span
from specc.syntax import ast

KNOW_INPUT: Final = ("conv", "deconv", "dense")
"""Operations to which other frameworks tell the size of the input first."""
NORMS: Final = ("bn", "instancenorm", "layernorm")
"""Operations to which other frameworks tell the size of the input alone."""
KEEP_CHANNELS: Final = ("depthwise",)
"""Operations with as many channels as their input that other notations give as the first argument."""
TAKE_LISTS: Final = ("reshape", "transpose", "learned")
"""Operations whose argument is a list, which other frameworks take without brackets."""
_BY_AXIS: Final = ("pad", "crop")
"""Operations whose argument may be a list, with a number for each axis or side."""
ORDER: Final = ("stride", "pad", "dilation", "groups")
"""How other frameworks go on behind the window, where they count arguments."""
_LARGEST_WINDOW: Final = 11
"""No kernel of a published network is larger and not one of its sizes odd; a number of channels mostly is."""
_TAKES_INSTEAD: Final = {
    ("upsample", "size"): "resize", ("upsample", "like"): "resize", ("resize", "scale"): "upsample",
}  # fmt: skip
"""The operation that has an argument which the other one of a pair lacks."""
OVER: Final = "`over=-1` normalises along the last axis as written, `over=all` everything; without it the channels"
_SIZES_KNOWN: Final = "sizes are known and not written"
NEXT_LINE: Final = "an operation stands on a line of its own, or behind `;`"


def meant(
    word: str, arguments: Sequence[ast.Argument], taken: int, names: Sequence[str], closing: Sequence[ast.Expr]
) -> tuple[ast.Argument, str] | None:
    """The argument at fault and a help, where it is plain what was meant by `arguments`, none of them named.

    The operation called `word` takes the first `taken` of them, and those in `names` by name; `closing` is its
    activation.
    """
    return (
        _second_activation(word, arguments, taken, closing)
        or _empty_brackets(word, arguments, taken)
        or _list(word, arguments)
        or _known_size(word, arguments, taken)
        or _kept_channels(word, arguments)
        or _own_number(word, arguments)
        or _operation(word, arguments)
        or _quoted(word, arguments)
        or _setting(word, arguments, taken)
        or _counted(word, arguments, taken, names, closing)
    )


def _second_activation(
    word: str, arguments: Sequence[ast.Argument], taken: int, closing: Sequence[ast.Expr]
) -> tuple[ast.Argument, str] | None:
    """`dense 10, relu, softmax`."""
    last = arguments[-1].value
    if len(arguments) != taken + 1 or not closing or not isinstance(last, ast.Name) or last.id not in activations():
        return None
    line = f"`{word} {_texts(arguments)}; {text(closing[0])}`"
    return ast.Argument(closing[0].span, None, closing[0]), f"one activation closes a line, others follow it: {line}"


def _empty_brackets(word: str, arguments: Sequence[ast.Argument], taken: int) -> tuple[ast.Argument, str] | None:
    """`relu()`."""
    empty = len(arguments) == 1 and isinstance(arguments[0].value, ast.List) and not arguments[0].value.items
    return (arguments[0], f"an operation has no brackets: `{word}`") if empty and taken == 0 else None


def _list(word: str, arguments: Sequence[ast.Argument]) -> tuple[ast.Argument, str] | None:
    """`reshape 8, -1`."""
    if word not in (*TAKE_LISTS, *_BY_AXIS) or any(isinstance(argument.value, ast.List) for argument in arguments):
        return None
    return arguments[1], f"a list stands in brackets: `{word} ({_texts(arguments)})`"


def decimal(arguments: Sequence[ast.Argument]) -> str | None:
    """What to say of `mul 0,5`."""
    first, last = (argument.value for argument in (arguments[0], arguments[-1]))
    written = first.span.to(last.span).text
    return f"a point parts decimals: `{written.replace(',', '.')}`" if re.fullmatch(r"\d+,\d+", written) else None


def _kept_channels(word: str, arguments: Sequence[ast.Argument]) -> tuple[ast.Argument, str] | None:
    """`depthwise 32, 3x3`."""
    if word not in KEEP_CHANNELS or len(arguments) < 2 or not isinstance(arguments[0].value, ast.Number):
        return None
    if not isinstance(arguments[1].value, ast.Number | ast.Size | ast.List):
        return None
    return arguments[0], f"`{word}` keeps the channels, which are not written: `{word} {text(arguments[1].value)}`"


def _operation(word: str, arguments: Sequence[ast.Argument]) -> tuple[ast.Argument, str] | None:
    """`conv 8, 3, relu, bn`."""
    for index, argument in enumerate(arguments):
        value = argument.value
        if index and isinstance(value, ast.Name) and value.id in BY_WORD and value.id not in activations():
            return argument, f"{NEXT_LINE}: `{word} {_texts(arguments[:index])}; {value.id}`"
    return None


def _quoted(word: str, arguments: Sequence[ast.Argument]) -> tuple[ast.Argument, str] | None:
    """`conv 8, 3, "relu"`, and `"rely"`."""
    last = arguments[-1].value
    meant = nearest(last.value, activations()) if isinstance(last, ast.Text) else None
    if meant is None:
        return None
    before = "".join(f"{text(argument.value)}, " for argument in arguments[:-1])
    return arguments[-1], f"an activation stands without quotes: `{word} {before}{meant}`"


def _setting(word: str, arguments: Sequence[ast.Argument], taken: int) -> tuple[ast.Argument, str] | None:
    """`conv 8, 3, leaky_relu, 0.1`."""
    if len(arguments) != taken + 2 or not isinstance(arguments[-1].value, ast.Number | ast.Unary):
        return None
    name = arguments[-2].value
    if isinstance(name, ast.Name) and name.id in activations() and activations()[name.id].positional:
        called = f"{name.id}({text(arguments[-1].value)})"
        before = "".join(f"{text(a.value)}, " for a in arguments[:-2])
        return arguments[-1], f"settings of an activation stand in brackets: `{word} {before}{called}`"
    return None


def _counted(
    word: str, arguments: Sequence[ast.Argument], taken: int, names: Sequence[str], closing: Sequence[ast.Expr]
) -> tuple[ast.Argument, str] | None:
    """`conv 3, 16, 3`, which begins with the size of the input, or `conv 8, 3, 2, 1`, all in PyTorch's order."""
    first = arguments[taken]
    if word in KNOW_INPUT and knows_input(arguments, taken):
        here = _in_order(word, arguments[1:], taken, names, closing)
        return first, f"the size of the input is known and not written: `{here or f'{word} {_texts(arguments[1:])}'}`"
    here = _in_order(word, arguments, taken, names, closing) if "stride" in names else None
    if here is None:
        return None
    pair = arguments[-1].span.source.text[arguments[-2].span.start : arguments[-1].span.end]
    if len(arguments) == taken + 1 and re.fullmatch(r"\d,\d", pair):
        window = ", ".join([*(text(argument.value) for argument in arguments[:-2]), pair.replace(",", "x")])
        return first, f"a window is written with an `x`: `{word} {window}`; with a stride it is `{here}`"
    return first, f"what follows the window has names: `{here}`"


def _in_order(
    word: str, arguments: Sequence[ast.Argument], taken: int, names: Sequence[str], closing: Sequence[ast.Expr]
) -> str | None:
    """The call in which those beyond the first `taken` have names, in the order of other frameworks."""
    further = arguments[taken:]
    order = [name for name in ORDER if name in names]
    if len(further) > len(order) or not all(isinstance(a.value, ast.Number | ast.Size) for a in further):
        return None
    named = [f"{name}={text(argument.value)}" for name, argument in zip(order, further, strict=False)]
    parts = [*(text(argument.value) for argument in arguments[:taken]), *named, *(text(act) for act in closing)]
    return f"{word} {', '.join(parts)}"


def _own_number(word: str, arguments: Sequence[ast.Argument]) -> tuple[ast.Argument, str] | None:
    """`prelu 0.25`, `relu 6`."""
    number = arguments[0].value
    if not isinstance(number, ast.Number) or len(arguments) > 1:
        return None
    if word == "prelu":
        return arguments[0], f"slopes are learned, and begin with `init`: `prelu init={text(number)}`"
    if word == "relu" and number.value == 6:
        return arguments[0], "did you mean `relu6`?"
    return None


def _known_size(word: str, arguments: Sequence[ast.Argument], taken: int) -> tuple[ast.Argument, str] | None:
    """`bn 64`, `bn 0.001`, `layernorm -1`."""
    first = arguments[0].value
    if word == "layernorm" and isinstance(first, ast.Unary):
        return arguments[0], f"the axis has a name: `{word} over={text(first)}`"
    if word == "layernorm" and isinstance(first, ast.List | ast.Number | ast.Size) and not _is_small(first):
        return arguments[0], f"{_SIZES_KNOWN}: {OVER}"
    if word not in NORMS or taken or not isinstance(first, ast.Number | ast.Size):
        return None
    if _is_small(first):
        return arguments[0], f"what is added to the variance has a name: `{word} eps={text(first)}`"
    return arguments[0], f"the size of the input is known and not written: `{word}`"


def _is_small(value: ast.Expr) -> bool:
    return isinstance(value, ast.Number) and value.value < 1


def knows_input(arguments: Sequence[ast.Argument], taken: int) -> bool:
    """Whether the first number can only be the size of the input, as the second can be no window."""
    numbers = [argument.value for argument in arguments[:2]]
    if len(numbers) < 2 or not all(isinstance(number, ast.Number) for number in numbers):
        return False
    second = numbers[1].value if isinstance(numbers[1], ast.Number) else 0
    if second < 1:
        return False
    return taken < 2 or second > _LARGEST_WINDOW or (second > 4 and second % 2 == 0)


def elsewhere(word: str, key: ast.Name, value: ast.Expr) -> str | None:
    """The operation that takes the argument, of two that resize."""
    other = _TAKES_INSTEAD.get((word, key.id))
    return f"`{other}` takes it: `{other} {key.id}={text(value)}`" if other is not None else None


def unbracketed(word: str, fields: Mapping[str, ast.Expr]) -> str | None:
    """What to say of `conv (64, 3x3)`, whose only argument is a list."""
    first = next(iter(fields.values()), None)
    if len(fields) != 1 or not isinstance(first, ast.List) or len(first.items) < 2:
        return None
    items = ", ".join(text(item) for item in first.items)
    return f"the arguments of an operation stand without brackets: `{word} {items}`"


def of_paper(place: Span) -> str | None:
    """What to say of `conv 3-64`, as papers write a window of 3x3."""
    from specc.elaborate.foreign import row_meant

    here = row_meant(place)
    return here and f"did you mean `{here}`?"


def is_ambiguous(word: str, act: ast.Expr, free: Sequence[str], report: Reporter) -> bool:
    """Whether a closing activation could set several parameters of the block, `free`; if so it is E0303."""
    if len(free) < 2:
        return False
    said = text(act)
    message = f"`{word}` has several activations, and `{said}` could be each of {quoted(free)}"
    help = f"name it, `{free[0]}={said}`; behind the block it stands on a line of its own"
    report.error("E0303", act.span, message, help=help)
    return True


def text(expression: ast.Expr) -> str:
    """An expression as it was written, with all brackets of its first and last part where these are not all in it."""
    from specc.elaborate.arithmetic_advice import with_brackets

    return (with_brackets(expression.span) or expression.span).text


def _texts(arguments: Sequence[ast.Argument]) -> str:
    return ", ".join(text(argument.value) for argument in arguments)
