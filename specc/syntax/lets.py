"""Constants that change, or hold what no constant can, and what was meant: one function for each, all in `LETS`."""

from __future__ import annotations

import re
from collections.abc import Callable

from specc.syntax.stuck import VALUES, Stuck


def _renamed(name: str, rest: str) -> str:
    """What to say of a constant that gets another value, which `rest` begins with."""
    value = re.match(r"=\s*([^#;}]*[^#;}\s])", rest)
    written = f", `let {name}_2 = {value[1]}`" if value is not None else ""
    return f"a constant keeps its value: the new one has a name of its own{written}"


def _constant_again(stuck: Stuck) -> str | None:
    """`c = c * 2`, where `let c = 16` stands above."""
    before = stuck.previous
    if stuck.token.kind != "EQUAL" or "COLON" not in stuck.accepted or before is None or before.kind != "NAME":
        return None
    name = before.value
    return _renamed(name, stuck.rest) if re.search(rf"\blet\s+{name}\s*=", stuck.source.text) else None


def _counted_up(stuck: Stuck) -> str | None:
    """`c += 1`, where `let c = 16` stands above."""
    written = re.search(r"(?:^|[;{])\s*([A-Za-z_]\w*)\s*([-+]?)$", stuck.near)
    value = re.match(r"(\*|//?|)=\s*([^#;}]*[^#;}\s])", stuck.rest)
    if written is None or value is None or f"let {written[1]} " not in stuck.source.text:
        return None
    name, sign = written[1], written[2] + value[1]
    return _renamed(name, f"= {name} {sign} {value[2]}") if len(sign) == 1 else None


def _choice_in_let(stuck: Stuck) -> str | None:
    """`let c = if deep { 64 } else { 32 }`, and the same behind `key=` or a comma."""
    written = re.match(r"if\s+([^{}#]+?)\s*\{\s*([^{};#]+?)\s*\}\s*else\s*\{\s*([^{};#]+?)\s*\}", stuck.rest)
    if stuck.token.kind != "IF" or not stuck.accepted >= VALUES:
        return None
    choice = f"{written[2]} if {written[1]} else {written[3]}" if written is not None else "64 if deep else 32"
    return f"a choice of values has no braces, and its test stands between them: `{choice}`"


def _layer_in_let(stuck: Stuck) -> str | None:
    """`let z = conv 8, 3x3`."""
    call = re.search(r"(?:^|[;{])\s*let\s+(\w+)\s*=\s*([A-Za-z_]\w*)\s+$", stuck.before)
    if call is None or stuck.token.kind not in VALUES:
        return None
    return f"`let` names numbers and words, a label names the value of a layer: `{call[1]}: {call[2]} ...`"


LETS: tuple[Callable[[Stuck], str | None], ...] = (_constant_again, _counted_up, _choice_in_let, _layer_in_let)
