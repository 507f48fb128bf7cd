"""The reference of all operations as one Markdown page: `python -m specc.report.reference`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Final

from specc.ops import OPS
from specc.ops.base import Op
from specc.report.operations import arguments, signature

BAR: Final = r"\|"
"""A bar within a cell of a Markdown table."""

_HEAD = """\
# Operations

Made from the classes in `specc/ops` by `python -m specc.report.reference`; `specc explain conv` prints a single one.

Arguments in brackets may be left out; those without `=` may be given without their names, in this order.
Besides its own arguments every operation takes `from=` (the value, or list of values, to work on instead of that of the
line before), an activation (`act=relu`, or its bare word as the last argument) and, where it has weights, `weights=`, a
name for them (see [Sharing weights](language.md#sharing-weights)). Windows, paddings and rounding are explained in
[language.md](language.md#windows-and-borders).
"""


def page() -> str:
    """The whole page."""
    links = " ".join(f"[{op.word}](#{op.word})" for op in OPS)
    return "\n".join([_HEAD, links + "\n", *(line for op in OPS for line in _section(op))])


def _section(op: type[Op]) -> Iterator[str]:
    yield f"## {op.word}\n"
    yield (inspect.getdoc(op) or "") + "\n"
    yield f"```text\n{signature(op)}\n```\n"
    rows = arguments(op)
    if rows:
        yield "| argument | default | meaning |\n|---|---|---|"
        for name, doc, default in rows:
            shown = default.removeprefix(" (default ").removesuffix(")") or "required"
            yield f"| `{name}` | {shown} | {doc.replace('|', BAR)} |"
        yield ""


if __name__ == "__main__":
    import sys

    sys.stdout.write(page())
