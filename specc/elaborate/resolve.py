"""What can be said about a file without evaluating it.

Operations, arguments and names are checked in every body, whether a model reaches it or not; so are duplicate
and unused names, names used before their definition, and blocks that contain themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from specc.diagnostics import Label
from specc.elaborate.arithmetic import FUNCTIONS
from specc.elaborate.bind import no_activation
from specc.elaborate.bodies import Body, BoundNames, Entry
from specc.elaborate.definitions import check_branch, check_facts, report_recursion, report_unused, report_unused_in
from specc.elaborate.doubled import warn_of_doubled
from specc.elaborate.foreign import arguments_meant, meant_to_define
from specc.elaborate.model import layered, open_in
from specc.elaborate.modules import BlockDefinition, Module
from specc.elaborate.plan import Plan, of_settings, plan
from specc.elaborate.reads import defined_in, names_in, parts_in, size_names
from specc.elaborate.report import Reporter
from specc.elaborate.signatures import signature
from specc.elaborate.tensor_names import check_name
from specc.elaborate.trailing import warn_of_trailing
from specc.elaborate.unknown import (
    item_meant,
    no_operation,
    operation_for_certain,
    takes,
    unknown_name,
    unknown_operation,
    unquoted,
    used_early,
)
from specc.elaborate.values import BROKEN, Namespace, Word
from specc.elaborate.words import activations, function_meant, known_words, takes_settings, takes_words
from specc.ops import BY_WORD
from specc.ops.base import Op
from specc.source import Span
from specc.syntax import ast

if TYPE_CHECKING:
    from specc.elaborate.memory import Memory


class Resolver:
    """Checks one module after another.

    `plans`, `unused_labels`, `guesses` (what an unknown operation can only have been meant to be), `gathered` (the
    labels of each loop, by identity, that are read behind it) and `circular` (the blocks that contain themselves) are
    for elaboration and lint.
    """

    def __init__(self, report: Reporter, memory: Memory | None = None) -> None:
        self._report = report
        self._memory = memory
        self.plans: dict[int, Plan] = {}
        self.guesses: dict[int, type[Op] | BlockDefinition] = {}
        self.gathered: dict[int, set[str]] = {}
        self.circular: set[BlockDefinition] = set()
        self._labelled: list[tuple[ast.Name, Entry]] = []
        self._calls: dict[BlockDefinition, dict[BlockDefinition, Span]] = {}
        self._guards = 0  # the choices and loops around a statement, which may leave it out
        self._module: Module
        self._sizes: set[str] = set()
        self._block: BlockDefinition | None = None

    def resolve(self, module: Module) -> None:
        self._module = module
        self._sizes = {name for model in module.models for name in open_in(model)}
        for block in module.blocks:
            self._block = block
            self._calls.setdefault(block, {})
            self._definition(block.tree.parameters, block.tree.body)
        self._block = None
        for model in module.models:
            if isinstance(model.tree, ast.Model):
                self._definition(model.tree.parameters, model.tree.body)
            else:
                self._derived(model.tree, layered(model))

    @property
    def unused_labels(self) -> list[ast.Name]:
        return [name for name, entry in self._labelled if not entry.used]

    def finish(self, root: Module) -> None:
        """What needs every module resolved: recursion, and names of `root` that nothing uses."""
        self.circular = report_recursion(self._calls, self._report)
        report_unused(root, self._report)

    # ------------------------------------------------------------ bodies

    def _definition(self, parameters: Sequence[ast.Parameter], statements: Sequence[ast.Statement]) -> None:
        body = Body(None)
        body.later.update((parameter.name.id, parameter.name.span) for parameter in parameters)
        for parameter in parameters:
            if parameter.default is not None:
                self._expression(parameter.default, body)
            self._define(parameter.name, "parameter", body)
        self._body(statements, body)
        warn_of_trailing(statements, self._module.scope, self._report)
        self._unused(body)

    def _derived(self, tree: ast.Derived, base: ast.Model | None) -> None:
        body = Body(None)
        for expression in (tree.base, *(argument.value for argument in tree.args)):
            self._expression(expression, body)
        if base is not None:
            for parameter in base.parameters:
                self._define(parameter.name, "parameter", body)
            self._body(tree.body, body)

    def _body(self, statements: Sequence[ast.Statement], body: Body) -> None:
        for name in defined_in(statements):
            body.later.setdefault(name.id, name.span)
        warn_of_doubled(statements, self._module.scope, self._report)
        for statement in statements:
            self._statement(statement, body)

    def _looped(self, loop: ast.For | ast.Repeat, parent: Body, targets: Sequence[ast.Name] = ()) -> None:
        self._guards += 1
        met = parent.meet(defined_in(loop.body))
        body = self._nested(loop.body, parent, targets, repeats=True)
        if met:
            from specc.elaborate.rivals import read_in_rounds

            parent.rivals += read_in_rounds(met, self._report)
        parent.gather(id(loop), body)
        self._guards -= 1
        self._shape(loop.shape, parent)
        self._labels(() if loop.label is None else (loop.label,), parent)

    def _nested(
        self,
        statements: Sequence[ast.Statement],
        parent: Body,
        targets: Sequence[ast.Name] = (),
        repeats: bool = False,
    ) -> Body:
        body = Body(parent, repeats)
        for target in targets:
            self._define(target, "loop variable", body)
        self._body(statements, body)
        self._unused(body)
        parent.inner = body.inner | {name: entry.span for name, entry in body.names.items()} | parent.inner
        return body

    def _statement(self, statement: ast.Statement, body: Body) -> None:
        match statement:
            case ast.Operation():
                self._operation(statement, body)
            case ast.Residual(args=args, body=main, shortcut=shortcut, labels=labels, shape=shape):
                self._planned(statement, args, body)
                self._nested(main, body)
                self._nested(shortcut or (), body)
                self._shape(shape, body)
                self._labels(labels, body)
            case ast.Branch(body=inner):
                self._nested(inner, body)
                check_branch(statement, body, self._report)
            case ast.Let(name=name, value=value):
                self._expression(value, body)
                self._define(name, "constant", body)
            case ast.If(test=test, then=then, orelse=orelse):
                self._expression(test, body)
                self._guards += 1
                self._alternatives(then, orelse, body)
                self._guards -= 1
            case ast.For(targets=targets, iterable=iterable):
                self._expression(iterable, body)
                self._looped(statement, body, targets)
            case ast.Repeat(count=count):
                self._expression(count, body)
                self._looped(statement, body)
            case ast.Input(name=name, shape=shape, args=args):
                self._shape(shape, body)
                for argument in args:
                    if not (isinstance(argument.value, ast.Name) and not self._is_known(argument.value.id, body)):
                        self._expression(argument.value, body)  # an unknown word may be a mistyped choice
                self._define(name, "input", body)
            case ast.Output(name=name, args=args):
                self._output(name, args, body)
            case ast.Expect(claim=claim):
                self._claim(claim, body)
                check_facts(claim, body, self._module, self._sizes, self._report)

    def _alternatives(self, then: Sequence[ast.Statement], orelse: Sequence[ast.Statement], body: Body) -> None:
        """Either side may define the same names, so the second starts from those before the first."""
        before = dict(body.names)
        self._body(then, body)
        after_then, body.names = body.names, before
        self._body(orelse, body)
        body.names = {**after_then, **body.names}

    def _output(self, name: ast.Name, args: Sequence[ast.Argument], body: Body) -> None:
        self._read(name.id, body)
        for argument in args:
            if not unquoted(argument, lambda known: self._is_known(known, body), self._report):
                self._expression(argument.value, body)

    # ------------------------------------------------------------ operations

    def _operation(self, statement: ast.Operation, body: Body) -> None:
        known = None if self._memory is None else self._memory.recall(statement, body, self._module)
        if known is None:
            self._called(statement, body)
        else:
            self.plans[id(statement)] = known.plan
            self._mark(known.bound, body)
        self._labels(statement.labels, body)
        if len(statement.labels) > 1 and statement.name.id in BY_WORD and BY_WORD[statement.name.id].leads:
            self._mark([statement.labels[0].id], body)  # the line below works on it

    def _called(self, statement: ast.Operation, body: Body) -> None:
        heard = self._report.heard
        self._planned(statement, statement.args, body)
        for alternative in statement.branches or ():
            self._statement(alternative, body)
        self._shape(statement.shape, body)
        if self._memory is not None and self._report.heard == heard:
            self._memory.note(statement, self.plans.get(id(statement)), body, self._module)

    def _planned(self, statement: ast.Operation | ast.Residual, args: Sequence[ast.Argument], body: Body) -> None:
        target: type[Op] | BlockDefinition | Literal["dynamic"] | None = BY_WORD["add"]
        name = ast.Name(statement.keyword, "add") if isinstance(statement, ast.Residual) else statement.name
        if isinstance(statement, ast.Operation):
            target = self._target(name, body) or self._guess(statement)
            args = arguments_meant(name, args) if id(statement) in self.guesses else args
        bound = BoundNames(body, self._module)
        if target == "dynamic":
            for argument in args:
                if argument.key is None or argument.key.id != "weights":
                    self._expression(argument.value, body)
        elif target is None:
            for argument in args:  # what they name is in use all the same
                self._claim(argument.value, body)
            for key in meant_to_define(name, args):
                body.names.setdefault(key.id, Entry(key.span, "constant")).use()
        else:
            made = plan(args, signature(target, name.id), name.span, bound, self._report, bound.holds)
            made.flawed |= id(statement) in self.guesses
            self.plans[id(statement)] = made
            self._arguments(made, None if isinstance(target, BlockDefinition) else target, body)
            if made.flawed or not made.ok:  # what is named where nothing takes it is in use all the same
                self._mark([name.id for argument in args for name in names_in(argument.value)], body)
        if isinstance(target, BlockDefinition) and self._block is not None and not self._guards:
            self._calls[self._block].setdefault(target, name.span)

    def _arguments(self, made: Plan, op: type[Op] | None, body: Body) -> None:
        for name, expression in made.fields.items():
            bare = isinstance(expression, ast.Name) and not self._is_known(expression.id, body)
            if not (bare and op is not None and takes_words(op, name)):  # it may be a mistyped choice
                self._expression(expression, body)
        rest = [e for e in (made.sources, *made.inputs, *made.operands.values()) if e is not None]
        for expression in rest:
            self._expression(expression, body)
        if made.act is not None:
            self._activation(made.act, body, op)
        if made.weights is not None:
            check_name(made.weights, body, self._module, self._report)

    def _activation(self, act: ast.Expr, body: Body, target: type[Op] | None) -> None:
        if isinstance(act, ast.Call) and act.function.id not in FUNCTIONS:
            if act.function.id not in activations():
                no_activation(act.function.span, Word(act.function.id), self._report)
                return
            op = activations()[act.function.id]
            self._arguments(of_settings(act, op, self._report), op, body)
            for argument in act.args[len(op.positional) :]:
                self._expression(argument, body)
        elif isinstance(act, ast.Name) and not self._is_known(act.id, body):
            no_activation(act.span, Word(act.id), self._report, target)
        else:
            self._expression(act, body)

    def _is_known(self, name: str, body: Body) -> bool:
        found = body.find(name) or body.find_later(name) or self._module.scope.find(name)
        return found is not None or name in known_words() or name == "in"

    def _target(self, name: ast.Name, body: Body) -> type[Op] | BlockDefinition | Literal["dynamic"] | None:
        """A block, an operation, "dynamic" for a name that holds a word, `None` after an error."""
        entry = body.find(name.id)
        if entry is not None and entry.what in ("parameter", "constant", "loop variable"):
            entry.used = True
            return "dynamic"
        found = self._global(name)
        if isinstance(found, BlockDefinition):
            return found
        if isinstance(found, Word):
            return "dynamic"
        if self._module.scope.find(name.id.partition(".")[0]) is BROKEN:
            self._report.excuse(name.span)
            return None
        if found is None and name.id in BY_WORD:
            return BY_WORD[name.id]
        if found is not None:
            no_operation(name, found, self._report)
            return None
        value = entry or body.find(name.id.partition(".")[0])
        if value is not None:
            value.use()
        unknown_operation(name, value, self._module, self._report)
        return None

    def _guess(self, statement: ast.Operation) -> type[Op] | BlockDefinition | None:
        """What an unknown operation can only have been meant to be, so that what follows it can be checked."""
        guess = None if self._report.full else operation_for_certain(statement.name, self._module)
        if guess is None:
            return None
        found = self._global(ast.Name(statement.name.span, guess))
        target = found if isinstance(found, BlockDefinition) else BY_WORD[guess]
        if not takes(target, arguments_meant(statement.name, statement.args), self._report):
            return None
        self.guesses[id(statement)] = target
        return target

    def _global(self, name: ast.Name) -> object:
        head, _, member = name.id.partition(".")
        found = self._module.scope.find(head)
        if found is None:
            return None
        self._module.used.add(head)
        if not member:
            return found
        return found.members.get(member) if isinstance(found, Namespace) else None

    # ------------------------------------------------------------ names

    def _define(self, name: ast.Name, what: str, body: Body) -> None:
        first = body.names.get(name.id)
        if first is not None and first.origin is None:
            labels = (Label(first.span, f"first defined here, as {first.article} {first.what}"),)
            self._report.error("E0203", name.span, f"`{name.id}` is defined twice", "again here", labels=labels)
            return
        body.names[name.id] = Entry(name.span, what)

    def _labels(self, labels: Sequence[ast.Name], body: Body) -> None:
        for label in labels:
            self._define(label, "label", body)

    def _shape(self, shape: ast.Expr | None, body: Body) -> None:
        """Sizes in a shape may be open sizes of the input, so only names bound here are marked as used."""
        if shape is not None:
            self._claim(shape, body)
            self._mark(size_names(shape), body)

    def _claim(self, claim: ast.Expr, body: Body) -> None:
        """Facts are names of their own, judged once the model is complete; others here are in use."""
        self._mark((name.id for name in names_in(claim)), body)

    def _mark(self, names: Iterable[str], body: Body) -> None:
        """Note that those of `names` that are bound here are in use."""
        for name in names:
            if not self._read(name, body) and self._module.scope.find(name) is not None:
                self._module.used.add(name)

    def _read(self, name: str, body: Body) -> bool:
        """Note that `name` is in use, if it is bound here."""
        entry = body.find(name)
        if entry is None:
            return False
        entry.use()
        for loop in entry.loops:
            self.gathered.setdefault(loop, set()).add(name)
        return True

    def _expression(self, expression: ast.Expr, body: Body) -> None:
        for part in parts_in(expression):
            match part:
                case ast.Name(id=name) if name != "_":
                    self._use(part, body)
                case ast.Call():
                    self._function(part, body)
                case ast.Comprehension():
                    self._comprehension(part, body)

    def _function(self, call: ast.Call, body: Body) -> None:
        function = call.function
        if function.id not in FUNCTIONS and not takes_settings(function.id):
            read = len(call.args) == 1 and self._read(function.id, body)
            help = item_meant(call) if read else None if self._report.full else function_meant(function.id, FUNCTIONS)
            self._report.error("E0202", function.span, f"unknown function `{function.id}`", help=help)

    def _comprehension(self, rule: ast.Comprehension, parent: Body) -> None:
        """The names of a list by a rule are those of a body of its own."""
        body, faults = Body(parent), self._report.faults
        self._expression(rule.iterable, parent)
        for target in rule.targets:
            self._define(target, "variable of a list", body)
        self._expression(rule.item, body)
        if rule.test is not None:
            self._expression(rule.test, body)
        if self._report.faults == faults:  # a name that nothing reads may be the one that is mistyped
            self._unused(body)

    def _use(self, name: ast.Name, body: Body) -> None:
        if name.id == "in" or self._read(name.id, body):
            return
        if self._module.scope.find(name.id) is not None:
            self._module.used.add(name.id)
            return
        later = body.find_later(name.id)
        if later is not None:
            used_early(name, later, body, self._module, self._report)
            return
        if name.id in known_words():
            return
        guess = unknown_name(name, body, self._module, self._report)
        if guess is not None:  # what was most likely meant is not unused
            self._mark([guess], body)

    def _unused(self, body: Body) -> None:
        if body.rivals:
            from specc.elaborate.rivals import read_behind

            read_behind(body.rivals, self._report)
        self._labelled += report_unused_in(body, self._module, self._report)
