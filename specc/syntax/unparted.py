"""Arguments and operations that stand behind another without the sign that parts them, and what was meant: one
function for each, all in `UNPARTED`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from specc.diagnostics.suggest import SYNONYMS, one_word
from specc.syntax.stuck import Stuck

ARGUMENTS: Final = frozenset(
    {"stride", "pad", "dilation", "groups", "bias", "border", "round", "kernel", "channels", "units", "eps", "init"}
    | {"axis", "output_pad", "rate", "alpha", "act", "from", "weights"}
)
"""Arguments of operations that are written without their sign where other notations write them so."""
LINES: Final = frozenset(
    {"conv", "deconv", "depthwise", "separable", "dense", "bn", "groupnorm", "layernorm", "instancenorm", "lrn"}
    | {"maxpool", "avgpool", "global_avgpool", "adaptive_avgpool", "dropout", "upsample", "resize", "concat", "reshape"}
)
"""Operations that close no other one, and take arguments."""
TUNED: Final = frozenset({"leaky_relu", "elu", "celu", "prelu", "thresholded_relu", "softmax", "log_softmax"})
"""Activations with settings."""
CLOSING: Final = frozenset({"relu", "relu6", "sigmoid", "tanh", "gelu", "silu", "mish", "softmax", "leaky_relu"})
"""Activations that may close a line."""
STATEMENTS: Final = frozenset({"OUTPUT", "LET", "REPEAT", "RESIDUAL", "EXPECT", "INPUT"})
_WITHOUT_NUMBER: Final = frozenset({"bn", "layernorm", "instancenorm", "global_avgpool"})
_SETTING: Final = re.compile(r"(\w+)(?:\s*=\s*|\s+)(-?[\w.]+)\s*(?=[#;}\n]|$)")
_VALUE: Final = re.compile(r"\w+\s+(-?[\w.]+|\[[^\]\n]*\]|\([^)\n]*\)|\"[^\"\n]*\")")
_NEXT_LINE: Final = "statements stand on lines of their own, or behind `;`"
_OWN_LINE: Final = "an operation stands on a line of its own, or behind `;`"


def _statement(stuck: Stuck) -> str:
    """What the statement says up to the token."""
    return re.split(r"[;{}]", stuck.near)[-1]


def _word_before(stuck: Stuck) -> str | None:
    """The word `stride` in `conv 8, 3x3, stride 2`, where others stand before it."""
    above = "..., " if stuck.goes_on else ""
    word = re.search(r"[\w\])\"'.]\s*[,\s]\s*([A-Za-z_]\w*)\s*$", above + _statement(stuck))
    return word[1] if word is not None and stuck.lacks_comma else None


def _own(name: str) -> str:
    """The name that an argument has here."""
    return name if name in ARGUMENTS else SYNONYMS.get(name, name)


def _without_equal(stuck: Stuck) -> str | None:
    """`conv 64, 3x3, stride 2`."""
    word = _word_before(stuck)
    value = re.match(r"(?:of\s+)?(-?[\w.]+|\[[^\]\n]*\]|\([^)\n]*\)|\"[^\"\n]*\")", stuck.rest)
    if word is None or value is None or _own(word) not in ARGUMENTS:
        return None
    return f"an argument is written with `=`: `{_own(word)}={value[1]}`"


def _without_comma(stuck: Stuck) -> str | None:
    """`conv 8, 3x3 from image`, `conv 8, 3x3 pad 1`."""
    name, value = _own(stuck.token.value), _VALUE.match(stuck.rest)
    if not stuck.lacks_comma or stuck.token.kind != "NAME" or name not in ARGUMENTS or value is None:
        return None
    return f"commas separate arguments, with `=` behind their names: `, {name}={value[1]}`"


def _operation(stuck: Stuck) -> str | None:
    """`conv 8, 3x3, dropout 0.5`."""
    word = _word_before(stuck)
    first = re.match(r"\s*(\w+)", _statement(stuck))
    apart = "," in _statement(stuck) or (first is not None and first[1] in LINES | TUNED | CLOSING)
    if word is None or word not in LINES or not apart:
        return None
    line = re.match(r"[^#;{}\n]*", stuck.rest) if word not in _WITHOUT_NUMBER else None
    before = re.sub(rf"\s*,?\s*{word}\s*$", "", _statement(stuck)).strip()
    return f"{_OWN_LINE}: `{before}; {f'{word} {line[0]}'.strip() if line else word}`"


def _next_statement(stuck: Stuck) -> str | None:
    """`conv 8, 3x3 conv 8, 3x3`, `input image 3x32x32 relu`, `relu output y`."""
    before, line = _statement(stuck).strip(), re.match(r"[^#;{}\n]*", stuck.rest)
    begins = stuck.token.kind in STATEMENTS and stuck.following not in (":", "=")
    begins |= stuck.token.value in (LINES | TUNED | CLOSING if stuck.head == "input" else LINES)
    if "_NL" not in stuck.accepted or not begins or not before or line is None:
        return None
    if re.match(r"branch\b|\w+\s*$", before) and stuck.token.kind == "NAME":
        return None
    return f"{_NEXT_LINE}: `{before}; {line[0].strip()}{' { ... }' if '{' in stuck.rest else ''}`"


def _number_with_commas(stuck: Stuck) -> str | None:
    """`let x = 1,000`, `expect params == 61,706`, `let x = 0,5`, and `let xs = 16, 32`."""
    above, below = stuck.near, stuck.rest
    if stuck.token.kind == "NUMBER" and above.endswith(","):  # as in `model M(classes = 1,000)`
        above, below = above[:-1], f",{below}"
    if not below.startswith(","):
        return None
    first, thousands = re.search(r"(?<![\w.,])\d{1,3}$", above), re.match(r"(?:,\d{3})+(?!\w|\.|,\d)", below)
    if first is not None and thousands is not None:
        return f"a number has no commas: `{first[0]}{thousands[0].replace(',', '_')}`"
    listed = re.search(r"\blet\s+(\w+)\s*=\s*(\S[^;{}]*)$", above)
    items = re.match(r"[^#;}]*[^#;}\s]", below)
    if listed is None or items is None or below is not stuck.rest:
        return None
    here = f"a list stands in brackets: `let {listed[1]} = [{listed[2]}{items[0]}]`"
    parts = re.fullmatch(r",(\d+)", items[0])
    return f"a point parts decimals: `{first[0]}.{parts[1]}`; {here}" if first is not None and parts else here


def _setting(stuck: Stuck) -> str | None:
    """`dense 10, softmax dim=1`, `conv 8, 3x3, leaky_relu alpha=0.2`."""
    word, setting = _word_before(stuck), _SETTING.match(stuck.rest)
    if word is None or setting is None or word not in TUNED:
        return None
    name, value = _own(setting[1]), setting[2]
    if name not in ("alpha", "axis", "shared", "init", "elementwise"):
        return None
    if name != "axis":
        return f"settings of an activation stand in brackets: `{word}({name}={value})`"
    before = re.sub(rf"\s*,\s*{word}\s*$", "", _statement(stuck)).strip()
    axis = str(int(value) - 1) if value.isdigit() and int(value) else value
    counted = ": axes count from 0 behind the batch" if axis != value else ""
    return f"`{word}` with an axis is a line of its own, `{before}; {word} {axis}`{counted}"


def _two_words(stuck: Stuck) -> str | None:
    """`leaky relu 0.1`, `batch norm, relu`, `conv 8, 3x3, leaky relu 0.1`."""
    written = re.search(r"(?:^|[;{}:]|(,))\s*([A-Za-z]\w*)[ \t]+([A-Za-z]\w*)\b\s*(.*)$", _upto(stuck))
    word = one_word(written[2], written[3]) if written is not None and stuck.lacks_comma else None
    if written is None or word is None:
        return None
    behind = re.match(r"[^#;}\n]*", written[4] + _behind(stuck, written[3]))
    rest = behind[0].strip() if behind is not None else ""
    if written[1] is None:
        return f"it is one word: `{word} {rest}`" if rest else f"it is one word: `{word}`"
    if word in LINES:
        return f"it is one word, and a line of its own: `{word}`"
    number = re.match(r"-?[\d.]+", rest)
    return f"it is one word: `{word}({number[0]})`" if number is not None else f"it is one word: `{word}`"


def _upto(stuck: Stuck) -> str:
    """The statement with the token, where that is a name, and without any other."""
    return _statement(stuck) + (stuck.token.value if stuck.token.kind == "NAME" else "")


def _behind(stuck: Stuck, word: str) -> str:
    """The rest of the line behind `word`, which is the token or stands before it."""
    return stuck.rest[len(word) :] if stuck.token.kind == "NAME" and stuck.token.value == word else stuck.rest


UNPARTED: tuple[Callable[[Stuck], str | None], ...] = (
    _number_with_commas,
    _two_words,
    _setting,
    _without_equal,
    _without_comma,
    _operation,
    _next_statement,
)
