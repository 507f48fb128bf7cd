"""Arguments that other frameworks have and an operation here has not, and what is written instead; imported where
something is wrong.

Only what is the same without the argument is said to be left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from specc.diagnostics.foreign import UNWRITTEN
from specc.elaborate.slips import LETTERS
from specc.elaborate.surplus import NEXT_LINE, OVER, text
from specc.elaborate.words import activations
from specc.ops import BY_WORD
from specc.syntax import ast

BEHIND_BATCH: Final = "axes have names or count from 0 behind the batch"
_LEFT_OUT: Final = "leave it out: there is nothing to choose here"
_AXIS: Final = ("axis", "axes", "dim", "dims")
REDUCED: Final = {"mean": "reduce_mean", "max": "reduce_max", "min": "reduce_min", "add": "reduce_sum"}
"""Merges that are called as other frameworks call what reduces an axis."""
_OWN: Final = {
    ("lrn", "bias"): "k",
    ("upsample", "factor"): "scale",
    **dict.fromkeys((("pixel_shuffle", "scale"), ("pixel_unshuffle", "scale")), "factor"),
}
"""What a single operation calls otherwise, by its word and the name elsewhere."""
SIZES_KNOWN: Final = frozenset({"in_channels", "in_features", "num_features", "num_channels", "input_channels"})
"""Arguments that tell the size of the input."""
_INPUT: Final = ("input_shape", "input_dim", "batch_input_shape")


def unwritten(word: str, key: ast.Name, value: ast.Expr, names: Sequence[str]) -> str | None:
    """The help for an argument of other languages that is not written here, where `word` takes those in `names`."""
    special = next((help for rule in _RULES if (help := rule(word, key.id, value, names))), None)
    return special or (_LEFT_OUT if key.id in UNWRITTEN else None)


def renamed(word: str, key: str, names: Sequence[str]) -> str | None:
    """What the operation, which takes those in `names`, calls the argument: `s` is `stride` in papers."""
    letter = LETTERS.get(key, "")
    return _OWN.get((word, key)) or (letter if letter in names else None)


def spoils_shape(word: str, key: str) -> bool:
    """Whether without the argument the line means something else, of another shape."""
    return (word in REDUCED and key in _AXIS) or (word == "flatten" and key in ("start_dim", "end_dim"))


def reduction(word: str, value: ast.Expr) -> str:
    """`mean axis=1`, which elsewhere counts the batch."""
    items = value.items if isinstance(value, ast.List) else (value,)
    here = [_without_batch(item) or "height" for item in items] or ["height"]
    return f"along an axis it is `{'; '.join(f'{REDUCED[word]} {axis}' for axis in here)}`: {BEHIND_BATCH}"


def counted(key: str, value: ast.Expr, names: Sequence[str]) -> str | None:
    """`softmax dim=1`, which counts the batch."""
    here = _without_batch(value) if key == "dim" and "axis" in names else None
    return f"{BEHIND_BATCH}: `axis={here}`" if here and isinstance(value, ast.Number) else None


def _without_batch(value: ast.Expr) -> str | None:
    """The number of an axis where the batch is not counted; negative ones and names stay."""
    if isinstance(value, ast.Number):
        return str(int(value.value) - 1) if value.value >= 1 else None
    return text(value) if isinstance(value, ast.Unary | ast.Name) else None


def _axis(word: str, key: str, value: ast.Expr, _: Sequence[str]) -> str | None:
    if word in REDUCED and key in _AXIS:
        return reduction(word, value)
    return OVER if word == "layernorm" and key in (*_AXIS, "normalized_shape") else None


def _slopes(word: str, key: str, _: ast.Expr, __: Sequence[str]) -> str | None:
    shared = word == "prelu" and key == "shared_axes"
    return "leave it out: each channel has its slope, or with `shared=true` all have one" if shared else None


def _flattened(word: str, key: str, value: ast.Expr, _: Sequence[str]) -> str | None:
    if word != "flatten" or (key, text(value)) in (("start_dim", "1"), ("end_dim", "-1")):
        return None
    kept = "`flatten` makes one row of all; `reshape (in.channels, -1)` keeps the channels"
    return kept if key in ("start_dim", "end_dim") else None


def _kept_axis(word: str, key: str, _: ast.Expr, __: Sequence[str]) -> str | None:
    reduces = word.startswith("reduce_") or word in ("argmax", *REDUCED)
    if not reduces or key not in ("keepdim", "keepdims", "keep_dims"):
        return None
    return "leave it out: the axis stays, with size 1, and `squeeze` drops it"


def _order_of_axes(_: str, key: str, value: ast.Expr, __: Sequence[str]) -> str | None:
    if key != "data_format" or not re.search("last|NHWC", text(value)):
        return None
    return "channels are last where the input says so: `input image 32x32x3, layout=hwc`"


def _type(_: str, key: str, __: ast.Expr, ___: Sequence[str]) -> str | None:
    return "leave it out: values are float32, and `export --dtype` chooses a type" if key == "dtype" else None


def _shape_of_input(_: str, key: str, __: ast.Expr, ___: Sequence[str]) -> str | None:
    return "the input has a line of its own: `input image 3x32x32`" if key in _INPUT else None


def _size_of_input(_: str, key: str, __: ast.Expr, ___: Sequence[str]) -> str | None:
    return "leave it out: the size of what comes in is known" if key in SIZES_KNOWN else None


def _named(_: str, key: str, __: ast.Expr, ___: Sequence[str]) -> str | None:
    return "a label names a layer: `stem: conv 64, 7x7`" if key == "name" else None


def _labels(word: str, key: str, value: ast.Expr, _: Sequence[str]) -> str | None:
    """`dense 3, softmax, labels=["a", "b", "c"]`."""
    if key not in ("labels", "classes", "class_names") or word not in BY_WORD:
        return None
    return f"the labels of classes belong to an output, on a line below: `output scores, labels={text(value)}`"


def _rounding(_: str, key: str, __: ast.Expr, names: Sequence[str]) -> str | None:
    if "round" not in names or key not in ("ceil_mode", "ceil"):
        return None
    return "`round=ceil` lets the last window hang over"


def _positions(word: str, key: str, _: ast.Expr, __: Sequence[str]) -> str | None:
    if word != "maxpool" or key != "return_indices":
        return None
    return "a second label names the positions: `y, where: maxpool 2x2`"


def _operation(_: str, key: str, value: ast.Expr, __: Sequence[str]) -> str | None:
    """`leaky_relu=0.2`, `relu=true`, `dropout=0.5`."""
    op = BY_WORD.get(key)
    if op is None:
        return None
    setting = text(value) if isinstance(value, ast.Number) and op.positional else ""
    if key in activations():
        return f"an activation closes the arguments: `{key}({setting})`" if setting else f"it is written `{key}` alone"
    return f"{NEXT_LINE}: `{key}{f' {setting}' if setting else ''}`"


_RULES: Final[tuple[Callable[[str, str, ast.Expr, Sequence[str]], str | None], ...]] = (
    _axis,
    _flattened,
    _slopes,
    _kept_axis,
    _order_of_axes,
    _type,
    _shape_of_input,
    _size_of_input,
    _named,
    _labels,
    _rounding,
    _positions,
    _operation,
)
