"""Names and parameters of models and blocks, and inputs, as other languages write them: one function for each, all in
`HEADS`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from specc.syntax.stuck import Stuck

_NAMED: Final = re.compile(r"(?:^|[;}])\s*(model|block)\s+([A-Za-z_]\w*)\s*$")
_NO_TYPE: Final = "a parameter has no type, and may have a default"
_SHAPE: Final = re.compile(r"[(\[]?\s*(\w+(?:\s*,\s*\w+)+)\s*,?\s*[)\]]")
_EXAMPLE: Final = "3x224x224"


def _name_of_words(stuck: Stuck) -> str | None:
    """`model My Net {`, `block b channels {`."""
    written, rest = _NAMED.search(stuck.near), re.match(r"(\w+(?:[\s,]+\w+)*)\s*\{", stuck.rest)
    if written is None or rest is None or stuck.token.kind != "NAME":
        return None
    kind, name = written.groups()
    words = re.findall(r"\w+", rest[1])
    below = stuck.source.text[stuck.token.start + rest.end() :]
    if re.search(rf"\b{words[0]}\b", below):
        return f"parameters stand in brackets: `{kind} {name}({', '.join(words)}) {{ ... }}`"
    return f"a name is one word: `{kind} {'_'.join([name, *words])} {{ ... }}`"


def _name_with_signs(stuck: Stuck) -> str | None:
    """`model LeNet-5 {`."""
    written, rest = _NAMED.search(stuck.near), re.match(r"[-.][\w.-]*", stuck.rest)
    if written is None or rest is None:
        return None
    name = re.sub(r"\W", "_", written[2] + rest[0])
    return f"a name has letters, digits and `_`: `{written[1]} {name} {{ ... }}`"


def _quoted_name(stuck: Stuck) -> str | None:
    """`model "M" {`."""
    kind = re.search(r"(?:^|[;}])\s*(model|block)\s+$", stuck.near)
    if kind is None or stuck.token.kind != "STRING":
        return None
    name = re.sub(r"\W+", "_", stuck.token.value[1:-1]).strip("_")
    shown = name if name.isidentifier() and name.isascii() else "Net"
    return f"a name stands without quotes: `{kind[1]} {shown} {{ ... }}`"


def _type_before_parameter(stuck: Stuck) -> str | None:
    """`block b(int n)`."""
    within = stuck.head in ("model", "block") and {"COMMA", "RPAR", "EQUAL"} <= stuck.accepted
    if not within or stuck.token.kind != "NAME":
        return None
    return f"{_NO_TYPE}: `{stuck.token.value}`, or `{stuck.token.value} = 64`"


def _nameless_input(stuck: Stuck) -> str | None:
    """`input 3x32x32`, `input(3, 32, 32)`, `input(shape=(3, 32, 32))`."""
    if stuck.token.kind not in ("SIZE", "NUMBER", "LSQB", "LPAR") or not re.search(r"\binput\s*$", stuck.before):
        return None
    return f"an input has a name: `input image {stuck.token.value if stuck.token.kind == 'SIZE' else _shape(stuck)}`"


def _comma_behind_input(stuck: Stuck) -> str | None:
    """`input image, 3x32x32`, `input image, shape=(3, 32, 32)`."""
    named = re.search(r"\binput\s+(\w+)\s*$", stuck.before)
    if named is None or stuck.token.kind != "COMMA":
        return None
    return f"behind the name of an input stands its shape, without a comma: `input {named[1]} {_shape(stuck)}`"


def _shape(stuck: Stuck) -> str:
    """The shape that the rest of the line names, or an example of one."""
    size, sizes = re.search(r"(?<!\w)\d\w*x\w+", stuck.rest), _SHAPE.search(stuck.rest)
    if sizes is None:
        return size[0] if size is not None else _EXAMPLE
    parts = re.findall(r"\w+", sizes[1])
    return "x".join(parts) if all(part.isdecimal() for part in parts) else f"[{', '.join(parts)}]"


def _label_of_shape(stuck: Stuck) -> str | None:
    """`image: 3x32x32`, where nothing else is the input."""
    named = re.search(r"(?:^|[;{])\s*([A-Za-z_]\w*)\s*:\s*$", stuck.near)
    alone = re.match(r"\w+\s*(?:[#;}]|$)", stuck.rest)
    if stuck.token.kind != "SIZE" or named is None or alone is None:
        return None
    above = stuck.source.text[: stuck.token.start]
    if re.search(r"\binput\b", above[above.rfind("model") :]):
        return None
    return f"an input is written `input {named[1]} {stuck.token.value}`"


HEADS: tuple[Callable[[Stuck], str | None], ...] = (
    _name_of_words,
    _name_with_signs,
    _quoted_name,
    _type_before_parameter,
    _nameless_input,
    _comma_behind_input,
    _label_of_shape,
)
