"""What can be said about definitions once every file is resolved: blocks that contain themselves, and unused names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, TypeAlias

from specc.diagnostics import Diagnostic, Label
from specc.diagnostics.suggest import nearest
from specc.elaborate.bodies import Body, Entry
from specc.elaborate.modules import BlockDefinition, ModelDefinition, Module
from specc.elaborate.reads import functions_in, names_in
from specc.elaborate.report import Failed, Reporter
from specc.elaborate.values import BROKEN, Namespace, Value, quoted, show
from specc.elaborate.words import FACTS, known_words
from specc.ops import BY_WORD
from specc.source import Span
from specc.syntax import ast

Calls: TypeAlias = Mapping[BlockDefinition, Mapping[BlockDefinition, Span]]
"""For each block the blocks that it calls, and where."""
_UNUSED: Final = "remove it, or start its name with `_`"
_TOLD: Final = {
    "parameter": _UNUSED,
    "constant": _UNUSED,
    "loop variable": "start its name with `_`; `repeat` makes rounds without one",
    "variable of a list": "start its name with `_`",
}
"""What is told of names in bodies that nothing uses, by what they are."""
_HIDING: Final = "constants do not change: this is another one, for this body alone"
_LONGEST_CHAIN: Final = 12
"""Names in a circle that are all shown."""


def report_recursion(calls: Calls, report: Reporter) -> set[BlockDefinition]:
    """E0205 for every block that closes a circle of calls, which nothing leaves out; the blocks in circles."""
    done: set[BlockDefinition] = set()
    inside: set[BlockDefinition] = set()
    for block in calls:
        if block not in done:
            _search(block, calls, done, inside, report)
    return inside


def _search(
    start: BlockDefinition,
    calls: Calls,
    done: set[BlockDefinition],
    inside: set[BlockDefinition],
    report: Reporter,
) -> None:
    """Depth first from `start`: a call of a block on the way to it closes a circle."""
    path = {start: 0}
    waiting = [iter(calls.get(start, {}).items())]
    circular: set[BlockDefinition] = set()
    while waiting:
        found = next(waiting[-1], None)
        if found is None:
            waiting.pop()
            done.add(path.popitem()[0])
            continue
        callee, span = found
        if callee in path:
            current = next(reversed(path))
            if current not in circular:
                _circle([*path][path[callee] :], span, report)
            circular.add(current)
            inside.update([*path][path[callee] :])
        elif callee not in done:
            path[callee] = len(path)
            waiting.append(iter(calls.get(callee, {}).items()))


def _circle(blocks: list[BlockDefinition], span: Span, report: Reporter) -> None:
    name = blocks[0].tree.name.id
    message = f"block `{name}` contains itself"
    report.error("E0205", span, message, chain([*blocks, blocks[0]]), help=f"use `repeat` or `for`, or {_END}")


_END: Final = "an `if` around the call that is false in the end, such as `if depth > 1 { ... }`"
"""What lets a block call itself."""


def endless(
    blocks: Sequence[BlockDefinition], parameters: Mapping[str, Value], place: Span, report: Reporter
) -> Failed:
    """Report E0205 for the last of these calls, which is within one of the same block and has these parameters."""
    name, last = blocks[-1].tree.name.id, len(blocks) - 2
    while blocks[last] is not blocks[-1]:
        last -= 1
    given = ", ".join(f"{name} = {show(value)}" for name, value in parameters.items())
    label = chain(blocks[last:]) + (f", with {given}" if given else "")
    message = f"block `{name}` contains itself more than {report.limits.nesting} blocks deep"
    return report.error("E0205", place, message, label, help=f"it ends by {_END}")


def chain(blocks: Sequence[BlockDefinition]) -> str:
    """Blocks that call one another."""
    names = [f"`{block.tree.name.id}`" for block in blocks]
    if len(names) > _LONGEST_CHAIN:
        names[4:-3] = ["..."]
    return " -> ".join(names)


def report_unused(root: Module, report: Reporter) -> None:
    """Blocks and constants of the main file that nothing in it uses; a file without models is a library."""
    if not root.models:
        return
    for name, span in root.scope.places.items():
        value = root.scope.names[name]
        if value is BROKEN:
            continue
        imported = span.source is not root.source or root.source.text.startswith("import", span.start)
        if name in root.used or name.startswith("_") or imported or isinstance(value, ModelDefinition | Namespace):
            continue
        what = "block" if isinstance(value, BlockDefinition) else "constant"
        if isinstance(value, BlockDefinition) and len(value.tree.parameters) in _chosen(root):
            continue
        report.add(Diagnostic("W0202", f"{what} `{name}` is never used", span, help=_UNUSED))


def _chosen(root: Module) -> set[int]:
    """How many parameters those blocks have that models hold in theirs: `--set` may choose others like them."""
    defaults = [p.default for m in root.models if isinstance(m.tree, ast.Model) for p in m.tree.parameters]
    held = [root.scope.names.get(default.id) for default in defaults if isinstance(default, ast.Name)]
    return {len(block.tree.parameters) for block in held if isinstance(block, BlockDefinition)}


def report_unused_in(body: Body, module: Module, report: Reporter) -> list[tuple[ast.Name, Entry]]:
    """W0202 for names of a body that nothing uses; the labels among them, of which elaboration knows more."""
    labels = []
    for name, entry in body.names.items():
        if entry.used or name in module.handed or name.startswith("_"):
            continue
        if entry.what == "label":
            labels.append((ast.Name(entry.span, name), entry))
        elif entry.what in _TOLD:
            hides = body.parent is not None and body.parent.find(name) is not None
            message = f"{entry.what} `{name}` is never used" + (", and hides one outside" if hides else "")
            help = _HIDING if hides and entry.what == "constant" else _TOLD[entry.what]
            report.add(Diagnostic("W0202", message, entry.span, help=help))
    return labels


def callable_names(module: Module) -> list[str]:
    """The operations and blocks that can be called in `module`."""
    names = [*BY_WORD]
    for name, value in module.scope.names.items():
        if isinstance(value, BlockDefinition):
            names.append(name)
        elif isinstance(value, Namespace):
            names += [f"{name}.{m}" for m, inner in value.members.items() if isinstance(inner, BlockDefinition)]
    return names


def check_facts(claim: ast.Expr, body: Body, module: Module, sizes: Collection[str], report: Reporter) -> None:
    """E0503 for names in a claim that are neither facts nor open `sizes`, and that nothing binds; W0106 where there are
    none."""
    for function in functions_in(claim):
        if function.id in FACTS:
            help = f"facts are of the whole model, without brackets: `{function.id}`; tables show each layer's"
            report.error("E0202", function.span, f"`{function.id}` is a fact, not a function", help=help)
            return
    found = [*names_in(claim)]
    if not found and isinstance(claim, ast.Binary) and not any(functions_in(claim)):
        help = f"the facts are {quoted(FACTS)}"
        report.add(Diagnostic("W0106", "this speaks of no fact of the model", claim.span, help=help))
    for name in found:
        bound = body.find(name.id) or module.scope.find(name.id) or name.id in known_words()
        if name.id not in FACTS and name.id not in sizes and not bound:
            guess = None if report.full else nearest(name.id, [*FACTS, *body.visible()])
            help = f"did you mean `{guess}`?" if guess else f"there are {quoted(FACTS)}"
            report.error("E0503", name.span, f"there is no fact `{name.id}`", help=help)


def check_branch(branch: ast.Branch, body: Body, report: Reporter) -> None:
    """Note the label of a branch; E0203 where it is that of a value, which `branch x { ... }` seems to begin with."""
    label = branch.label
    if label is None:
        return
    body.branches[label.id] = label.span
    behind = label.span.start > branch.span.start
    entry = body.find(label.id) if behind else body.names.get(label.id)
    if entry is None or entry.what not in ("label", "input"):
        return
    entry.use()
    line = f"branch {{ conv 64, 1x1, from={label.id} }}"
    report.add(
        Diagnostic(
            "E0203", f"`{label.id}` names a value already, and here the layers of a branch", label.span, "again here",
            labels=(Label(entry.span, f"first defined here, as {entry.article} {entry.what}"),),
            help=f"the first line of a branch may work on a value: `{line}`" if behind else None,
        )
    )  # fmt: skip
