"""The plain fixes for syntax errors: one small function for each habit or slip, all in the tuple `HINTS`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches

from specc.diagnostics.foreign import written_here
from specc.diagnostics.suggest import SYNONYMS
from specc.source import Span
from specc.syntax.continued import CONTINUED
from specc.syntax.habits import HABITS
from specc.syntax.heads import HEADS
from specc.syntax.lets import LETS
from specc.syntax.loops import LOOPS
from specc.syntax.misplaced import MISPLACED
from specc.syntax.notations import NOTATIONS, unknown_container
from specc.syntax.papers import PAPERS
from specc.syntax.pasted import PASTED
from specc.syntax.remarks import REMARKS
from specc.syntax.stuck import Stuck
from specc.syntax.unparted import UNPARTED

KEYWORDS = frozenset(
    {"model", "block", "import", "input", "output", "let", "if", "else", "for", "in", "repeat", "expect", "as"}
    | {"branch", "residual", "shortcut", "within", "and", "or", "not", "true", "false"}
)
_TOP = ("model", "block", "import", "let")
_HEADS = ("model", "block", "input", "output", "let", "if", "for", "repeat", "expect", "residual", "import", "else")
_OTHER_WORDS_FOR = {
    "block": ("def", "define", "function", "func", "fn", "layer"),
    "model": ("class", "network", "net", "module"),
    "import": ("include", "use", "from"),
    "let": ("const", "var", "set"),
    "else if": ("elif", "elseif", "elsif"),
    "repeat": ("loop",),
    "expect": ("assert",),
}
_TRUTH = re.compile(r"\b(?:True|False)\b")
_QUOTED = re.compile(r"\bact\s*=\s*[\"'](\w+)[\"']")
_LEFT_OUT = re.compile(r",?\s*\b(?:inplace|in_channels|in_features|num_features|momentum)\s*=\s*[^,()]+")
_WITH_SETTINGS = ("elu", "softmax")
"""How the names of activations end that take a number."""
_ONE_COMPARISON = "an expectation is one comparison, each on a line of its own or behind `;`"
_NO_WHILE = "how often a loop goes round is fixed: `repeat 3 { ... }`, or `for x in xs { ... }`"
_TWO_NAMES = re.compile(r"(?:^|[;{])\s*([A-Za-z_]\w*)\s+([A-Za-z_]\w*)\s*$")


def hint(stuck: Stuck) -> str | None:
    """The first hint that applies."""
    return next((text for rule in HINTS if (text := rule(stuck))), None)


def _arrow(stuck: Stuck) -> str | None:
    start = stuck.token.start
    thick = stuck.source.text.startswith("=>", start)
    long = stuck.token.kind == "ARROW" and stuck.before.endswith("-")
    return "an arrow is written `->`" if thick or long else None


def _braces(stuck: Stuck) -> str | None:
    if stuck.token.kind == "COLON" and "LBRACE" in stuck.accepted and "COMMA" not in stuck.accepted:
        return "a body stands in braces: `{ ... }`"
    opened = (
        re.search(r"(?:^|[;{}:])\s*((?:repeat|for|if|residual)\b[^;{}]*)$", stuck.near) if stuck.at_line_end else None
    )
    if opened is not None and "LBRACE" in stuck.accepted:
        return f"a body stands in braces: `{opened[1].strip()} {{ ... }}`"
    return None


def _key_with_colon(stuck: Stuck) -> str | None:
    argument = stuck.token.kind == "COLON" and "COMMA" in stuck.accepted
    return "an argument is written `key=value`" if argument else None


def _reserved_key(stuck: Stuck) -> str | None:
    in_arguments = stuck.token.kind == "EQUAL" and "COMMA" in stuck.accepted
    if in_arguments and stuck.previous is not None and stuck.previous.value in KEYWORDS:
        return f"`{stuck.previous.value}` is a word of the language and cannot be the name of an argument"
    return None


def _call_brackets(stuck: Stuck) -> str | None:
    brackets = stuck.open and stuck.open[-1].kind != "LBRACE" and stuck.head not in KEYWORDS
    if stuck.token.kind != "EQUAL" or not brackets:
        return None
    bracket = stuck.open[-1]
    caller = re.search(r"[\w.]+\s*$", stuck.source.text[: bracket.start])
    if bracket.kind == "LSQB" or caller is None:
        return "a list holds values only: an argument stands behind it, as in `[3, 3], stride=2`"
    if here := written_here(stuck.source.text, caller.start()):
        return f"layers have no brackets here: `{here}`"
    here = _without_brackets(stuck) or "conv 64, 3x3, pad=1"
    return f"the arguments of an operation stand without brackets: `{here}`"


def _without_brackets(stuck: Stuck) -> str | None:
    """`prelu shared=true` for `prelu(shared=true)`, which closes on the line."""
    written = re.search(r"(?:^|[;{}:])\s*([A-Za-z_]\w*)\s*\(((?:[^()#]|\([^()#]*\))*)$", stuck.near)
    rest = re.match(r"([^()#]*(?:\([^()#]*\)[^()#]*)*)\)", stuck.rest)
    if written is None or rest is None:
        return None
    arguments = re.sub(r"\b(\w+)(?=\s*=)", lambda name: SYNONYMS.get(name[1], name[1]), written[2] + rest[1])
    arguments = _QUOTED.sub(r"act=\1", _LEFT_OUT.sub("", _TRUTH.sub(lambda word: word[0].lower(), arguments)))
    return f"{written[1]} {arguments.lstrip(', ')}".rstrip()


def _assignment(stuck: Stuck) -> str | None:
    """`x = conv 8, 3x3`, or an argument behind a `;`."""
    if stuck.token.kind != "EQUAL" or "COLON" not in stuck.accepted or stuck.previous is None:
        return None
    name = stuck.previous.value
    if re.match(r"=\s*in\s*(?:[#;}]|$)", stuck.rest):
        return f"a value that is there is named with `let`: `let {name} = in`"
    if ";" in stuck.before:
        return f"`;` ends a statement, a comma goes on with its arguments: `..., {name}=`; a label is written `{name}:`"
    return f"a label is written `{name}:` before an operation, a number is named with `let {name} =`"


def _single_equal(stuck: Stuck) -> str | None:
    comparable = stuck.token.kind == "EQUAL" and "COMPARISON" in stuck.accepted
    return "a comparison is written `==`" if comparable else None


def _double_equal(stuck: Stuck) -> str | None:
    return "write a single `=`" if stuck.token.value == "==" and "EQUAL" in stuck.accepted else None


def _chained(stuck: Stuck) -> str | None:
    if stuck.rest.startswith(">") and stuck.before.endswith(">"):
        return "operations follow one another on lines of their own, or behind `;`"
    chained = stuck.token.kind == "COMPARISON" and re.search(r"[<>]|[=!]=", stuck.before)
    if not chained or stuck.head == "expect":
        return _chained_expectation(stuck) if chained else None
    return "comparisons do not chain: write `a < b and b < c`"


def _chained_expectation(stuck: Stuck) -> str:
    """`expect 100 < params < 300`."""
    first = re.search(r"expect\s+(\S.*?\s*(?:[<>]=?|[=!]=)\s*(\w+))\s*$", stuck.near)
    second = re.match(r"[^#;}]*[^#;}\s]", stuck.rest)
    if first is None or second is None:
        return _ONE_COMPARISON
    return f"{_ONE_COMPARISON}: `expect {first[1]}; expect {first[2]} {second[0]}`"


def _joined_expectations(stuck: Stuck) -> str | None:
    """`expect 100 < params and params < 300`."""
    written = re.search(r"expect\s+([^;{}]*\S)\s*$", stuck.near)
    rest = re.match(r"and\s+([^#;}]*[^#;}\s])", stuck.rest)
    if stuck.token.kind not in ("AND", "OR") or stuck.head != "expect" or written is None:
        return None
    return f"{_ONE_COMPARISON}: `expect {written[1]}; expect {rest[1]}`" if rest is not None else _ONE_COMPARISON


def _spaced_size(stuck: Stuck) -> str | None:
    if stuck.token.value not in ("x", "X") or "TIMES" not in stuck.accepted:
        return None
    times = re.match(r"[xX]\s*(\d+)\s*(?:[#;}]|$)", stuck.rest)
    if stuck.previous is not None and stuck.previous.kind == "SIZE" and times is not None and stuck.head:
        line = re.split(r"[;{}]", stuck.near)[-1].strip()
        return f"what is done several times stands in a loop: `repeat {times[1]} {{ {line} }}`"
    computed = stuck.previous is not None and stuck.previous.kind != "NUMBER"
    if computed or stuck.previous is None:
        return "a size that is computed is a list: `[in.channels, 1]`"
    others = re.match(r"(?:\s*[xX]\s*\w+)+", stuck.rest)
    written = stuck.previous.value + "".join(others[0].split()).lower() if others else "3x3"
    return f"a size is one word: `{written}`"


def _import_path(stuck: Stuck) -> str | None:
    if stuck.token.kind == "DOT" and "AS" in stuck.accepted:
        return 'a file is imported by its path: `import "./blocks.cnn"`'
    return None


def _for_in(stuck: Stuck) -> str | None:
    is_for = stuck.head == "for" and "IN" in stuck.accepted and stuck.token.kind in ("NAME", "EQUAL", "COLON")
    return "a loop is written `for x in xs { ... }`" if is_for else None


def _outside(stuck: Stuck) -> str | None:
    """A keyword of another language, a misspelt one, or a statement outside of any body."""
    if "MODEL" not in stuck.accepted:
        return None
    meant = _meant(stuck.token.value, _TOP) if stuck.token.kind == "NAME" else None
    if meant is None and stuck.token.kind != "$END":
        return "operations and their statements stand inside `model NAME { ... }` or `block NAME { ... }`"
    return meant


def _inside(stuck: Stuck) -> str | None:
    word = stuck.token.value
    begins = stuck.starts_line or "INPUT" in stuck.accepted
    inside = stuck.token.kind in ("MODEL", "BLOCK", "IMPORT") and begins and stuck.open and stuck.following == " "
    article = "an" if word == "import" else "a"
    return f"{article} `{word}` stands outside of models and blocks: write it above them" if inside else None


def _input_shape(stuck: Stuck) -> str | None:
    """`input x: 3x8x8`, `input x shape=(3, 8, 8)`, `input x`."""
    end = stuck.previous.end if stuck.previous is not None else 0
    words = re.search(r"(?:^|[;{\n])\s*input\s+(\w+)(?:\s+shape)?$", stuck.source.text[max(end - 120, 0) : end])
    if words is None or not (stuck.token.kind in ("COLON", "EQUAL") or stuck.at_line_end):
        return None
    return f"behind the name of an input stands its shape: `input {words[1]} 3x224x224`"


def _tolerance(stuck: Stuck) -> str | None:
    """`expect params == 224 +/- 1%`."""
    written = re.match(r"/-\s*([\d.]+\s*%?)\s*(?:[#;}]|$)", stuck.rest)
    if written is None or not stuck.near.endswith("+") or stuck.head != "expect":
        return None
    return f"a tolerance stands behind `within`: `within {written[1]}`"


def _percent(stuck: Stuck) -> str | None:
    written = stuck.source.text[: stuck.previous.end if stuck.previous is not None else 0]
    share = re.search(r"(\d[\d.]*)\s*%$", written[-40:])
    if share is None or "NUMBER" not in stuck.accepted:
        return None
    if tolerance := re.search(r"\s*\+-\s*[\d.]+\s*%$", written[-40:]):
        return f"a tolerance stands behind `within`: `within {tolerance[0].lstrip(' +/-')}`"
    number = float(share[1].rstrip(".")) / 100
    return f"{'a share is written as a number below 1' if number < 1 else 'a factor is a plain number'}: `{number:g}`"


def _second_part(stuck: Stuck) -> str | None:
    wanted = [word for word in ("else", "shortcut", "within", "as") if word.upper() in stuck.accepted]
    return _meant(stuck.token.value, wanted) if stuck.token.kind == "NAME" and stuck.before.strip() else None


def _misspelt_branch(stuck: Stuck) -> str | None:
    if not stuck.within_merge or stuck.previous is None:
        return None
    return _meant(stuck.previous.value, ("branch",))


def _reserved_name(stuck: Stuck) -> str | None:
    word = stuck.token.value
    if stuck.token.kind == "COLON" and stuck.previous is not None:
        word = stuck.previous.value
    elif ("NAME" not in stuck.accepted or "BRANCH" in stuck.accepted) and stuck.following not in (":", "="):
        return None
    return f"`{word}` is a word of the language and cannot be a name" if word in KEYWORDS else None


def misspelt_statement(stuck: Stuck) -> tuple[Span, str] | None:
    """The word that was to begin a statement, or open its braces, and what to say of it."""
    for place in (stuck.head_place, stuck.opener):
        if place is not None and (help := _statement_meant(place, stuck)):
            return place, help
    return None


def _misspelt(stuck: Stuck) -> str | None:
    found = misspelt_statement(stuck)
    return found and found[1]


def _statement_meant(place: Span, stuck: Stuck) -> str | None:
    """`repat 3 { relu }`, `while true { relu }`, `foreach i in xs { relu }`."""
    word, text = place.text, place.source.text
    name = re.escape(word)
    if text.startswith(".", place.end) or re.search(rf"\bblock\s+{name}\b", text):
        return None
    if word == "while":
        return _NO_WHILE
    named = re.match(r"in\b[^#;{}]*\{", stuck.rest) and re.search(rf"\b{name}\s+(\w[\w\s,]*\w|\w)\s*$", stuck.near)
    if stuck.token.kind == "IN" and named:
        return f"a loop is written `for {named[1]} {stuck.rest.partition('{')[0].rstrip()} {{ ... }}`"
    return _meant(word, _HEADS)


def _label_or_comma(stuck: Stuck) -> str | None:
    if stuck.within_merge:
        return "what a branch does stands in braces: `branch { ... }`"
    if not stuck.lacks_comma:
        return None
    word = stuck.previous
    if word is not None and word.value.endswith(_WITH_SETTINGS) and stuck.token.kind == "NUMBER":
        return f"settings of an activation stand in brackets: `{word.value}({stuck.token.value})`"
    names = _TWO_NAMES.search(stuck.before)
    labelled = names is not None and names[1] not in KEYWORDS
    label = f", and a label ends with a colon: `{names[1]}: {names[2]}`" if names and labelled else ""
    return f"commas separate arguments{label}"


HINTS: tuple[Callable[[Stuck], str | None], ...] = (
    *REMARKS,
    *CONTINUED,
    *PASTED,
    *NOTATIONS,
    *MISPLACED,
    *HEADS,
    *HABITS,
    *LOOPS,
    *PAPERS,
    *UNPARTED,
    *LETS,
    _inside,
    _input_shape,
    _tolerance,
    _percent,
    _arrow,
    _braces,
    _key_with_colon,
    _reserved_key,
    _call_brackets,
    _assignment,
    _single_equal,
    _double_equal,
    _chained,
    _joined_expectations,
    _spaced_size,
    _import_path,
    _for_in,
    _outside,
    _second_part,
    _misspelt_branch,
    _reserved_name,
    _misspelt,
    unknown_container,
    _label_or_comma,
)


def _meant(word: str, wanted: Iterable[str]) -> str | None:
    """`did you mean ...?` for a word of another language or a misspelt one of `wanted`."""
    choices = list(wanted)
    if word in choices:
        return None
    other = [ours for ours, theirs in _OTHER_WORDS_FOR.items() if word in theirs and ours.split()[0] in choices]
    close = other or get_close_matches(word.lower(), choices, n=1, cutoff=0.7)
    return f"did you mean `{close[0]}`?" if close else None
