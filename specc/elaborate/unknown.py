"""What is said of the name of an operation that is none."""

from __future__ import annotations

from specc.diagnostics.suggest import nearest
from specc.elaborate.bodies import Entry
from specc.elaborate.definitions import callable_names
from specc.elaborate.foreign import operation_meant
from specc.elaborate.modules import BlockDefinition, ModelDefinition, Module
from specc.elaborate.report import Reporter
from specc.elaborate.values import Namespace, quoted
from specc.syntax import ast


def no_operation(name: ast.Name, found: object, report: Reporter) -> None:
    """E0208 for the name of something else that the file defines."""
    is_model = isinstance(found, ModelDefinition)
    what = "a model" if is_model else "a module" if isinstance(found, Namespace) else "a constant"
    report.error(
        "E0208", name.span, f"`{name.id}` is {what}", "an operation or block is needed here",
        help="write what models share as a `block`" if is_model else None,
    )  # fmt: skip


def unknown_operation(name: ast.Name, entry: Entry | None, module: Module, report: Reporter) -> None:
    """E0201; `entry` is the value that has the name."""
    guess = None if report.full or entry is not None else nearest(name.id, callable_names(module))
    if guess is None and entry is None and module.incomplete:
        report.excuse(name.span)
        return
    space = module.scope.find(name.id.partition(".")[0])
    if isinstance(space, Namespace):
        blocks = [name for name, value in space.members.items() if isinstance(value, BlockDefinition)]
        help = f"did you mean `{guess}`?" if guess else f"its blocks are {quoted(blocks)}"
        message = f"module `{space.name}` has no block `{name.id.partition('.')[2]}`"
        report.error("E0201", name.span, message, help=help)
    elif entry is not None:
        help = f"values meet in operations: `add {name.id}, ...`; `from={name.id}` lets one work on it"
        message = f"`{name.id}` is a value, not an operation"
        report.error("E0201", name.span, message, f"{entry.article} {entry.what}", help)
    else:
        help = operation_meant(name, guess)
        message = f"unknown operation `{name.id}`"
        report.error("E0201", name.span, message, "no operation or block has this name", help=help)
