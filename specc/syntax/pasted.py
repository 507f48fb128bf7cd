"""The plain fixes for lines of Python that were pasted into a spec: what each is written as here."""

from __future__ import annotations

import re
from collections.abc import Callable

from specc.diagnostics.foreign import written_here
from specc.diagnostics.suggest import SYNONYMS
from specc.syntax.stuck import Stuck

_DOTTED = re.compile(r"(?:^|[;{])\s*[A-Za-z_]\w*(?:\.\w+)*\.([A-Za-z_]\w*)\s*$")
_PLAIN = re.compile(r"(?:^|[;{])\s*([A-Za-z_]\w*)\s*$")
_ADDED = re.compile(r"\s*(?:self\.)?model\s*\.\s*add\s*\(\s*")
_ON_VALUES = re.compile(
    r"([A-Za-z_]\w*)\(([^()]*(?:\([^()]*\)[^()]*)*)\)\s*(\(\s*\[?\s*[A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)*\s*,?\s*\]?\s*\))"
)
_DEFINED = re.compile(r"[ \t]*(def|class)\s+([A-Za-z_]\w*)[^{\n]*:")


def _line(stuck: Stuck) -> int:
    """Where the line of the token begins."""
    return stuck.token.start - len(stuck.before)


def _attribute(stuck: Stuck) -> str | None:
    """`self.conv1 = nn.Conv2d(3, 64, 3)`, `x = nn.Conv2d(3, 64, 3)`."""
    if stuck.token.kind != "EQUAL" or (stuck.open and stuck.open[-1].kind != "LBRACE"):
        return None
    dotted, plain = _DOTTED.search(stuck.before), _PLAIN.search(stuck.before)
    found = dotted or plain
    if found is None:
        return None
    behind = re.compile(r"=\s*").match(stuck.source.text, stuck.token.start)
    here = written_here(stuck.source.text, behind.end()) if behind is not None else None
    if here is None:
        return f"a label is written `{found[1]}:` before an operation" if dotted else None
    return f"a layer is one line, with its label in front of it: `{found[1]}: {here}`"


def _added(stuck: Stuck) -> str | None:
    """`model.add(Conv2D(64, 3))`."""
    call = _ADDED.match(stuck.source.text, _line(stuck))
    if call is None or stuck.token.start >= call.end():
        return None
    here = written_here(stuck.source.text, call.end())
    return "a layer is one line within `model NAME { ... }`" + (f": `{here}`" if here else "")


def _sequential(stuck: Stuck) -> str | None:
    """`model = Sequential()`."""
    started = stuck.token.kind == "EQUAL" and stuck.previous is not None and stuck.previous.kind == "MODEL"
    return "a model has a name, an input and its layers in braces: `model Net { ... }`" if started else None


def _definition(stuck: Stuck) -> str | None:
    """`def f(x):`, `class Net(nn.Module):`."""
    found = _DEFINED.match(stuck.source.text, _line(stuck))
    if found is None or not (stuck.starts_line or stuck.token.kind == "COLON"):
        return None
    if found[1] == "class":
        return f"a model is written `model {found[2]} {{ ... }}`, its input and its layers line by line"
    return f"a block is written `block {found[2]} {{ ... }}`, and works on the value of the line before its call"


def _called_on(stuck: Stuck) -> str | None:
    """`Conv2D(8, 3)(x)`, `Add()([a, b])`, `x = Add()([a, b])`."""
    if stuck.token.kind not in ("EQUAL", "LPAR"):
        return None
    named = _PLAIN.search(stuck.before) if stuck.token.kind == "EQUAL" else None
    call = _ON_VALUES.search(stuck.before + stuck.rest)
    if call is None or (named is None and call.start(3) != len(stuck.before)):
        return None
    label = f"{named[1]}: " if named is not None else ""
    values = re.findall(r"\w+", call[3])
    word = SYNONYMS.get(call[1].lower(), call[1].lower())
    if len(values) > 1:
        return f"values are the arguments of the operation that merges them: `{label}{word} {', '.join(values)}`"
    here = written_here(stuck.source.text, _line(stuck) + call.start()) if named is None else None
    if here is None:
        return None
    sign = "," if " " in here else ""
    return f"a layer works on the line before, or on what `from=` names: `{here}{sign} from={values[0]}`"


PASTED: tuple[Callable[[Stuck], str | None], ...] = (_called_on, _attribute, _added, _sequential, _definition)
