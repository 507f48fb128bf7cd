"""Finding a second syntax error that is real: the faulty line is left out where that cannot upset the rest."""

from __future__ import annotations

import re

from specc.diagnostics import Diagnostic

_TOKEN = re.compile(r"""#[^\n]*|"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*'|[(){}\[\]]|["']""")
_GOES_ON = re.compile(r"[\s;]*(?:else\b|shortcut\b|->|\{)")
_COMMENT_OF_LINES = re.compile(r"/\*(?!.*\*/)|(\"\"\"|''')(?!.*\1)|<!--(?!.*-->)")
"""What begins a comment elsewhere that ends on a later line."""
_CLOSES = {")": "(", "]": "[", "}": "{"}


def without_line(text: str, fault: Diagnostic) -> str | None:
    """`text` with the line of `fault` blanked, all offsets kept; `None` where that could cause a new error.

    That is the case when the line is a statement outside of any body, opens or closes a bracket for other lines,
    belongs to a statement that began earlier, or is carried on by the next line.
    """
    if fault.span is None or fault.code in ("E0102", "E0103", "E0106"):
        return None
    if _COMMENT_OF_LINES.match(text, fault.span.start):
        return None
    start = text.rfind("\n", 0, fault.span.start) + 1
    end = text.find("\n", fault.span.start)
    end = len(text) if end < 0 else end
    line, enclosing = text[start:end], _open_brackets(text[:start], "")[-1:]
    if "`{`" in fault.label and "{" not in line:  # what was to open a body leaves its `}` below
        return None
    inside = enclosing == "{" or (enclosing == "" and "{" in line)
    balanced = _open_brackets(line, "!") == "!"
    if not (line.strip() and inside and balanced) or _joined(text[:start], line, text[end:]):
        return None
    return text[:start] + " " * (end - start) + text[end:]


def _open_brackets(text: str, opened: str) -> str:
    """The brackets that `text` leaves open, behind those already `opened`; "?" where they do not match."""
    stack = list(opened)
    for match in _TOKEN.finditer(text):
        sign = match[0]
        if sign in "([{":
            stack.append(sign)
        elif sign in _CLOSES:
            if not stack or stack.pop() != _CLOSES[sign]:
                return "?"
        elif sign in "\"'":
            return "?"
    return "".join(stack)


def _joined(before: str, line: str, after: str) -> bool:
    """Whether `line` goes on with a statement of `before`, or `after` with one of `line`."""
    above = next(filter(None, map(_code, reversed(before.splitlines()))), "")
    below = re.sub(r"#[^\n]*", "", after[:500])
    return above.endswith(",") or _code(line).endswith(",") or _GOES_ON.match(below) is not None


def _code(line: str) -> str:
    return line.split("#")[0].rstrip()
