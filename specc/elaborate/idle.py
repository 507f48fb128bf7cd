"""Arguments that change nothing beside the others of the same call, and numbers where `true` or `false` is meant.

Only what is written out is judged: in a block an argument may matter for some calls and not for others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from specc.diagnostics import Diagnostic
from specc.elaborate.report import Reporter
from specc.elaborate.surplus import text
from specc.elaborate.words import NO_ACTIVATION
from specc.ops import BY_WORD
from specc.syntax import ast

_GRAINS: Final = ("prelu", "scale", "bias")
"""Operations that learn one number for all, for each channel or for each element."""
_BORDERS: Final = ("zeros", "edge", "reflect", "wrap")
_BIASES: Final = {
    0: ("a bias fixed at 0 that counts as parameters", "`bias=false` leaves it out"),
    1: ("a bias fixed at 1", "`bias=true` is one that is learned, as it is without the argument"),
}


_MOST: Final = {"leaky_relu.alpha": 1, "prelu.init": 1, "elu.alpha": 10, "celu.alpha": 10, "lrn.alpha": 10, "eps": 0.1}
"""What no network exceeds, of an operation or of all that have the argument."""
_LARGEST_FACTOR: Final = 4
"""Of images that are made larger in one step."""
_LEAST_SIZE: Final = 16
"""No network enlarges an image by as much at once and writes the factor for each axis."""


def warn_of_idle(word: str, fields: Mapping[str, ast.Expr], report: Reporter) -> None:
    """Report W0106 for arguments of the operation `word` that change nothing, W0107 for biases of 0 and 1, weights that
    are all one number, settings out of all proportion, and factors and sizes that look like the other."""
    if word == "upsample":
        _warn_of_size(fields.get("scale"), report)
    if word == "resize":
        _warn_of_factor(fields.get("size"), report)
    for name, written in fields.items():
        most = _MOST.get(name if name == "eps" else f"{word}.{name}")
        if most is not None:
            _warn_of_magnitude(word, name, written, most, report)
    if word == "leaky_relu":
        _warn_of_negative_slope(fields.get("alpha"), report)
    if len(fields) < 2:
        return
    _warn_of_grain(word, fields, report)
    if word == "clip":
        _warn_of_constant(fields, report)
    if "init" in fields and _is_given("weight", fields) and word in BY_WORD:
        _idle("init", "`weight`", "that fixes the values", "leave out one of the two", fields, report)
    if word == "pad" and "value" in fields and _word(fields.get("mode")) in _BORDERS[1:]:
        _idle("value", f"`mode={_word(fields['mode'])}`", "what is added is copied", "leave it out", fields, report)
    if "border" in fields and "pad" not in fields and _pads(word) and _word(fields["border"]) in _BORDERS:
        _idle("border", "no padding", "it says what padding holds", "add `pad=same` or leave it out", fields, report)
    if "bias" in fields and not _is_given("weight", fields) and word != "scale" and word in BY_WORD:
        _warn_of_bias(fields["bias"], report)
    if word in BY_WORD and BY_WORD[word].weighted_layers:
        if "init" in fields:
            _warn_of_equal_weights(fields["init"], report)
        _warn_of_no_weights(fields, report)


def _warn_of_constant(fields: Mapping[str, ast.Expr], report: Reporter) -> None:
    """`clip 6, 6`."""
    least, most = fields.get("min"), fields.get("max")
    if isinstance(least, ast.Number) and isinstance(most, ast.Number) and least.value == most.value:
        message = f"`clip` between {text(least)} and {text(most)} makes every value {text(most)}"
        report.add(
            Diagnostic(
                "W0107",
                message,
                most.span,
                help=f"`clip 0, {text(most)}` cuts from 0 on; `min` and `max` cut on one side",
            )
        )


def _warn_of_grain(word: str, fields: Mapping[str, ast.Expr], report: Reporter) -> None:
    """`shared=true, elementwise=true`; a bias may be one for each element beside a factor that is shared."""
    both = _is_true(fields.get("shared")) and _is_true(fields.get("elementwise"))
    if both and word in _GRAINS and "bias" not in fields:
        reason = "one number for all is not one for each element"
        _idle("elementwise", "`shared=true`", reason, "leave out one of the two", fields, report)


def _idle(argument: str, beside: str, reason: str, help: str, fields: Mapping[str, ast.Expr], report: Reporter) -> None:
    message = f"`{argument}` changes nothing with {beside}: {reason}"
    report.add(Diagnostic("W0106", message, fields[argument].span, help=help))


def _warn_of_bias(written: ast.Expr, report: Reporter) -> None:
    if isinstance(written, ast.Number) and isinstance(written.value, int) and written.value in _BIASES:
        what, help = _BIASES[written.value]
        report.add(Diagnostic("W0107", f"`bias={written.value}` is {what}", written.span, help=help))


def _warn_of_equal_weights(written: ast.Expr, report: Reporter) -> None:
    """`init=0.02`, which elsewhere is a deviation."""
    if isinstance(written, ast.Number) and written.value not in (0, 1):
        message = f"`init={text(written)}` sets every weight to this number"
        help = "`init=normal` and `init=uniform` make random ones, as does leaving it out"
        report.add(Diagnostic("W0107", message, written.span, help=help))


def _warn_of_size(written: ast.Expr | None, report: Reporter) -> None:
    """`upsample 64x64`."""
    if not isinstance(written, ast.Size):
        return
    if all(isinstance(part, int) and part >= _LEAST_SIZE for part in written.parts):
        size, factors = text(written), ", ".join(map(str, written.parts))
        message = f"`upsample {size}` multiplies the sizes by {' and '.join(map(str, dict.fromkeys(written.parts)))}"
        help = f"`resize {size}` makes an image of this size; where factors are meant, write `upsample ({factors})`"
        report.add(Diagnostic("W0107", message, written.span, help=help))


def _warn_of_factor(written: ast.Expr | None, report: Reporter) -> None:
    """`resize 2`."""
    if not isinstance(written, ast.Size | ast.Number):
        return
    parts = written.parts if isinstance(written, ast.Size) else (written.value,)
    sides = [int(part) for part in parts if isinstance(part, int | float) and part == int(part)]
    if len(sides) == len(parts) and all(1 < side <= _LARGEST_FACTOR for side in sides):
        given, size = text(written), " and ".join(map(str, dict.fromkeys(sides)))
        listed = ", ".join(map(str, sides if len(sides) > 1 else sides * 2))
        message = f"`resize {given}` makes every image one with sides of {size}"
        help = f"`upsample {given}` multiplies the sizes; where so small an image is meant, write `resize ({listed})`"
        report.add(Diagnostic("W0107", message, written.span, help=help))


def _warn_of_magnitude(word: str, name: str, written: ast.Expr, most: float, report: Reporter) -> None:
    """`bn eps=1e3`."""
    if isinstance(written, ast.Number) and written.value > most and word in BY_WORD:
        message = f"`{name}={text(written)}` is far above what any `{word}` has"
        default = BY_WORD[word].model_fields[name].default
        report.add(Diagnostic("W0107", message, written.span, help=f"it is {default:g} by default, and at most {most}"))


def _warn_of_negative_slope(written: ast.Expr | None, report: Reporter) -> None:
    """`leaky_relu -0.1`; with a slope of -1 it is the absolute value, which may be meant."""
    if not (isinstance(written, ast.Unary) and written.operator == "-" and isinstance(written.operand, ast.Number)):
        return
    if 0 < written.operand.value < 1:
        slope = text(written.operand)
        message = f"a slope of -{slope} makes what is below 0 positive"
        report.add(Diagnostic("W0107", message, written.span, help=f"`leaky_relu {slope}` lets a part of it through"))


def _warn_of_no_weights(fields: Mapping[str, ast.Expr], report: Reporter) -> None:
    """`conv 8, 3x3, weight=0`."""
    written = fields.get("weight")
    if isinstance(written, ast.Number) and written.value == 0:
        message = "`weight=0` fixes every weight at 0: the result has nothing of the input"
        help = "`init=zeros` begins with 0 and is trained; without both the weights begin at random"
        report.add(Diagnostic("W0107", message, written.span, help=help))


def _pads(word: str) -> bool:
    """Whether an operation pads its input, as it is told."""
    return word in BY_WORD and {"border", "pad"} <= BY_WORD[word].model_fields.keys()


def _word(written: ast.Expr | None) -> str | None:
    return written.id if isinstance(written, ast.Name) else None


def _is_given(name: str, fields: Mapping[str, ast.Expr]) -> bool:
    return name in fields and _word(fields[name]) != NO_ACTIVATION


def _is_true(written: ast.Expr | None) -> bool:
    return isinstance(written, ast.Bool) and written.value
