"""What is said of names that nothing defines, those of operations and of values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from specc.diagnostics import Diagnostic, Label
from specc.diagnostics.suggest import nearest, only_possible
from specc.elaborate.bodies import Body, Entry
from specc.elaborate.definitions import callable_names
from specc.elaborate.foreign import FRAMEWORKS, is_foreign, name_meant, operation_meant, reduces, row_meant
from specc.elaborate.modules import BlockDefinition, ModelDefinition, Module
from specc.elaborate.plan import plan
from specc.elaborate.reads import defined_in
from specc.elaborate.report import Reporter
from specc.elaborate.signatures import signature
from specc.elaborate.values import Namespace, quoted
from specc.ops import BY_WORD
from specc.ops.base import Op
from specc.source import Source, Span
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
    """E0201; `entry` is the value that has the name, or the part before its first dot."""
    guess = None if report.full or entry is not None else nearest(name.id, callable_names(module))
    if guess is None and entry is None and module.incomplete:
        report.excuse(name.span)
        return
    if guess is not None:  # what was most likely meant is not unused
        module.used.add(guess)
    head, _, member = name.id.partition(".")
    space = module.scope.find(head)
    if entry is not None and member:
        help = f"`{member} from={head}` works on it" if member in BY_WORD else None
        message = f"`{head}` is a value, and values have no operations"
        report.error("E0201", name.span, message, f"`{head}` is {entry.article} {entry.what}", help)
    elif isinstance(space, Namespace):
        blocks = [name for name, value in space.members.items() if isinstance(value, BlockDefinition)]
        help = (
            f"did you mean `{guess}`?"
            if guess
            else f"its blocks are {quoted(blocks)}"
            if blocks
            else "it has no blocks"
        )
        message = f"module `{space.name}` has no block `{name.id.partition('.')[2]}`"
        report.error("E0201", name.span, message, help=help)
    elif entry is not None:
        help = f"values meet in operations: `add {name.id}, ...`; `from={name.id}` lets one work on it"
        message = f"`{name.id}` is a value, not an operation"
        report.error("E0201", name.span, message, f"{entry.article} {entry.what}", help)
    elif _is_of_no_module(name):
        _not_imported("E0201", f"unknown operation `{name.id}`", name.span, head, module, report)
    else:
        help = operation_meant(name, guess)
        message = f"unknown operation `{name.id}`"
        report.error("E0201", name.span, message, "no operation or block has this name", help=help)


def operation_for_certain(name: ast.Name, module: Module) -> str | None:
    """The operation or block that an unknown one can only have been meant to be; `None` where there is a doubt."""
    if is_foreign(name.id) or reduces(name) or _is_of_no_module(name) or row_meant(name.span):
        return None
    guess = only_possible(name.id, callable_names(module))
    return None if guess == name.id else guess  # which a faulty definition hides


def _is_of_no_module(name: ast.Name) -> bool:
    """Whether `blocks.conv` asks for a module, and is no call of a framework, `layers.conv` or `x.view(-1)`."""
    head, _, member = name.id.partition(".")
    called = name.span.source.text[name.span.end :].lstrip().startswith("(")
    return bool(member) and head not in FRAMEWORKS and not called


def _not_imported(code: str, message: str, place: Span, name: str, module: Module, report: Reporter) -> None:
    """What `name` should have brought in is unknown; told where it is first missed."""
    if name in module.missed:
        report.excuse(place)
        return
    module.missed.add(name)
    alias = _alias(name, module)
    if alias is not None:
        help = f"it is imported as `{alias}`: `{alias}{place.text.removeprefix(name)}`"
    elif name in module.bundled():
        help = f"`import {name}` above the models imports the bundled module"
    else:
        help = f'a file is imported above the models: `import "./{name}.cnn" as {name}`'
    report.error(code, place, message, f"nothing called `{name}` is imported", help)


def _alias(name: str, module: Module) -> str | None:
    """What a module called `name`, or a file of this name, was imported as."""
    written = rf"^[ \t]*import\s+(?:{name}|[\"'](?:[^\"'\n]*/)?{name}\.cnn[\"'])\s+as\s+(\w+)"
    found = re.search(written, module.source.text, re.MULTILINE)
    return found and found[1]


_EARLIER_ROUND: Final = (
    "a round sees no labels of earlier ones, but begins with the value of the last line of the one before: `in` on its "
    "first line; `let before = in` there keeps it"
)
_BRANCH: Final = (
    "a branch is not seen outside its merge: for its value put its lines above the merge, label the last one, "
    "`{0}: ...`, and name it among the operands, `concat {0}, ...`"
)


def used_early(name: ast.Name, later: Span, body: Body, module: Module, report: Reporter) -> None:
    """E0204 for a name that is defined below; what it was meant to be is not unused."""
    module.handed.add(name.id)
    report.error(
        "E0204", name.span, f"`{name.id}` is used before its definition", "used here",
        help=_EARLIER_ROUND if body.is_of_round(name.id) else None, labels=(Label(later, "defined here"),),
    )  # fmt: skip


def _numbered(name: ast.Name, module: Module) -> str | None:
    """The help for `f1` where `f` is a block, as tables call the layers of its first call."""
    word = name.id.rstrip("0123456789").rstrip("_")
    if word == name.id or not isinstance(module.scope.find(word), BlockDefinition):
        return None
    return f"a label names a value: `{name.id}: {word} ...`; names that tables give are those of weights alone"


def _size(name: ast.Name, body: Body) -> str | None:
    """The help for `kxk`, the names in which are known, and used with it."""
    parts = name.id.split("x")
    entries = [body.find(part) for part in parts if not part.isdigit()]
    if len(parts) < 2 or None in entries:
        return None
    for entry in filter(None, entries):
        entry.use()
    return f"a size that begins with a name is a list: `[{', '.join(parts)}]`"


def _of_model(name: ast.Name, module: Module) -> str | None:
    """The help for a parameter or constant of a model that a block seems to speak of."""
    block = next((b.tree for b in module.blocks if _holds(b.tree.span, name.span)), None)
    models = [model.tree for model in module.models if isinstance(model.tree, ast.Model)]
    given = {parameter.name.id for model in models for parameter in model.parameters}
    made = {line.name.id for model in models for line in model.body if isinstance(line, ast.Let)}
    if block is None or name.id not in given | made:
        return None
    module.handed.add(name.id)
    names = ", ".join([*(parameter.name.id for parameter in block.parameters), name.id])
    return (
        f"a block does not see what a model names: it takes it, `block {block.name.id}({names})`, and each call hands "
        f"it over, `{name.id}={name.id}`"
    )


def _item(name: ast.Name, body: Body) -> str | None:
    """The help for `x_0`, as elsewhere the values of rounds are called."""
    label, _, number = name.id.rpartition("_")
    entry = body.find(label)
    if not number.isdigit() or entry is None or entry.origin is None:
        return None
    return f"behind a loop `{label}` is the list of its rounds' values: `{label}[{number}]`"


def _within(name: ast.Name, module: Module) -> str | None:
    """The help for the label of a line within a block."""
    for block in module.blocks:
        if any(label.id == name.id for label in defined_in(block.tree.body)):
            return (
                f"block `{block.tree.name.id}` defines it for itself: its call is the value of its last line, or those "
                f"of `output` lines in it, such as `output {name.id}`"
            )
    return None


def item_meant(call: ast.Call) -> str:
    """The help for `x(0)`, where `x` is no function."""
    return f"an item of a list stands in square brackets: `{call.function.id}[{call.args[0].span.text}]`"


def unquoted(argument: ast.Argument, is_known: Callable[[str], bool], report: Reporter) -> bool:
    """E0304 for `labels=[cat, dog]`, none of which is known; returns whether it is so."""
    names = argument.value.items if isinstance(argument.value, ast.List) else ()
    if argument.key is None or argument.key.id != "labels" or not names:
        return False
    if not all(isinstance(name, ast.Name) and not is_known(name.id) for name in names):
        return False
    texts = ", ".join(f'"{name.span.text}"' for name in names[:3]) + (", ..." if len(names) > 3 else "")
    report.error("E0304", argument.value.span, "texts stand in quotes", help=f"write `labels=[{texts}]`")
    for name in names:
        report.excuse(name.span)
    return True


def _holds(outer: Span, inner: Span) -> bool:
    return outer.source is inner.source and outer.start <= inner.start < outer.end


def unknown_name(name: ast.Name, body: Body, module: Module, report: Reporter) -> str | None:
    """E0202; the name of `body` or `module` that was most likely meant."""
    hidden = body.find_inner(name.id)
    known = (*body.visible(), *module.scope.names, "true", "false")
    rules = (
        _numbered(name, module),
        _size(name, body),
        _of_model(name, module),
        _item(name, body),
        _within(name, module),
    )
    numbered = None if report.full else next(filter(None, rules), None)
    guess = nearest(name.id, known) if hidden is None and numbered is None else None
    if numbered is None and guess is None and hidden is None and module.incomplete:
        report.excuse(name.span)
        return None
    message = f"unknown name `{name.id}`"
    if hidden is None and (name.id in module.missed or name.id in module.bundled()):
        _not_imported("E0202", message, name.span, name.id, module, report)
        return None
    branch = body.find_branch(name.id)
    foreign = None if report.full else numbered or (_BRANCH.format(name.id) if branch is not None else name_meant(name))
    help = foreign if hidden is None else "names of branches and blocks are not seen outside them"
    guess = None if branch is not None else guess
    elsewhere = () if hidden is None else (Label(hidden, "this one is another body's"),)
    prefix = () if branch is None else (Label(branch, "a branch's label begins the names of its layers"),)
    report.add(
        Diagnostic(
            "E0202", message, name.span, "not defined here",
            labels=elsewhere or prefix,
            help=f"did you mean `{guess}`?" if guess else help,
        )
    )  # fmt: skip
    return guess


def takes(target: type[Op] | BlockDefinition, args: Sequence[ast.Argument], report: Reporter) -> bool:
    """Whether the arguments of an unknown operation suit what it was guessed to be, or nearly."""
    place = Span(Source("", ""), 0, 0)
    return plan(args, signature(target), place, lambda _: False, Reporter(report.limits)).ok
