"""What can be said about definitions once every file is resolved: blocks that contain themselves, and unused names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from specc.diagnostics import Diagnostic
from specc.elaborate.modules import BlockDefinition, ModelDefinition, Module
from specc.elaborate.report import Reporter
from specc.elaborate.values import Namespace
from specc.source import Span

Calls: TypeAlias = Mapping[BlockDefinition, Mapping[BlockDefinition, Span]]
"""For each block the blocks that it calls, and where."""


def report_recursion(calls: Calls, report: Reporter) -> None:
    """E0205 once for each circle of calls."""
    circular: set[BlockDefinition] = set()
    for block in calls:
        if block not in circular:
            circular.update(_recursion(block, calls, report))


def _recursion(block: BlockDefinition, calls: Calls, report: Reporter) -> tuple[BlockDefinition, ...]:
    """Report a chain of calls that leads from `block` back to it; returns the blocks in it."""
    stack: list[tuple[BlockDefinition, tuple[BlockDefinition, ...]]] = [(block, (block,))]
    seen = {block}
    while stack:
        current, path = stack.pop()
        for callee, span in calls.get(current, {}).items():
            if callee is block:
                chain = " -> ".join(f"`{b.tree.name.id}`" for b in (*path, block))
                report.error(
                    "E0205", span, f"block `{block.tree.name.id}` contains itself", chain,
                    help="use `repeat` or `for` for repetition",
                )  # fmt: skip
                return path
            if callee not in seen:
                seen.add(callee)
                stack.append((callee, (*path, callee)))
    return ()


def report_unused(root: Module, report: Reporter) -> None:
    """Blocks and constants of the main file that nothing in it uses; a file without models is a library."""
    if not root.models:
        return
    for name, span in root.scope.places.items():
        value = root.scope.names[name]
        imported = span.source is not root.source or root.source.text.startswith("import", span.start)
        if name in root.used or name.startswith("_") or imported or isinstance(value, ModelDefinition | Namespace):
            continue
        what = "block" if isinstance(value, BlockDefinition) else "constant"
        report.add(
            Diagnostic(
                "W0202", f"{what} `{name}` is never used", span, help="remove it, or start its name with `_`"
            )
        )  # fmt: skip
