"""Statements that become layers: calls of operations and blocks, merges with branches, and residuals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from specc.elaborate.asserted import Assertions
from specc.elaborate.bind import tuned
from specc.elaborate.binder import Binder
from specc.elaborate.blocks import block_scope
from specc.elaborate.constants import Constant, constant, is_constant, is_number
from specc.elaborate.definitions import endless
from specc.elaborate.doubled import warn_of_stretched
from specc.elaborate.expressions import Frame, evaluate
from specc.elaborate.foreign import meant_to_define
from specc.elaborate.layers import Call, Layers, Result, head, together
from specc.elaborate.modules import BlockDefinition
from specc.elaborate.operands import Operands
from specc.elaborate.plan import Plan, is_setting, plan
from specc.elaborate.report import Failed, Reporter
from specc.elaborate.resolve import Resolver
from specc.elaborate.scope import Reserved
from specc.elaborate.settled import Meaning, Settled
from specc.elaborate.signatures import of_block, of_operation
from specc.elaborate.tensor_names import weightless
from specc.elaborate.values import BROKEN, UNKNOWN, LayerValue, LayerValues, Tuned, Word, kind, quoted, show
from specc.elaborate.words import NO_ACTIVATION
from specc.ops import BY_WORD
from specc.ops.base import Op
from specc.source import Span
from specc.syntax import ast

Bodies = Callable[[Sequence[ast.Statement], Frame], None]
"""Elaborates the statements of a body in a frame."""


class Operations:
    """Elaborates operations; `body` elaborates the bodies of branches and blocks.

    `labels` maps the place of each label to the names of the layers it has given.
    """

    def __init__(self, layers: Layers, resolved: Resolver, report: Reporter, body: Bodies) -> None:
        self.labels: dict[int, list[str]] = {}
        self._layers = layers
        self._plans = resolved.plans
        self._guesses = resolved.guesses
        self._circular = resolved.circular
        self._endless = False
        self._report = report
        self._body = body
        self._read = Operands(report)
        self.assertions = Assertions(layers, report)
        self._binder = Binder(layers, report)
        self._settled = Settled()
        self.reserved = Reserved()

    def close(self) -> None:
        """Let go of `body`, which usually holds this."""
        self._body = _closed

    def operation(self, statement: ast.Operation, frame: Frame) -> None:
        try:
            result = self._call(statement, frame)
        except Failed:
            self._layers.broken = True
            result = UNKNOWN
            for key in meant_to_define(statement.name, statement.args):
                frame.scope.bind(key.id, BROKEN, key.span)
        self._finish(statement, result, frame)

    def _call(self, statement: ast.Operation, frame: Frame) -> Result:
        """What an operation, block or activation called by the statement makes.  Raises `Failed`."""
        settled = self._settled.find(statement, frame)
        if settled is not None:
            return self._again(statement, settled, frame)
        effort = self._report.heard, self._report.steps
        target = self._guesses.get(id(statement)) or self._target(statement.name, frame)
        if target is None:
            return self._nothing(statement, frame)
        word = frame.scope.find(statement.name.id)
        if isinstance(word, Tuned) and not isinstance(target, BlockDefinition):
            return self._tuned(statement, word, target, frame)
        made = self._plan(statement, target, frame)
        if isinstance(target, BlockDefinition):
            if statement.branches is not None:
                raise self._report.error("E0208", statement.name.span, "a block takes no branches")
            return self._block(statement, target, made, frame)
        passed = self._read.passed_on(made, frame) if target.passes_on else None
        if passed is not None and statement.branches is None:
            return passed
        op, sources, act = self._meaning(statement, target, made, frame)
        if effort == (self._report.heard, self._report.steps):
            self._settled.note(statement, made, op, act, frame)
        name = self.name(_first(statement.labels), op.word, frame)
        return self._applied(op, sources, act, statement, name, made, frame)

    def _meaning(
        self, statement: ast.Operation, target: type[Op], made: Plan, frame: Frame
    ) -> tuple[Op, list[LayerValue], Op | None]:
        """The operation with its arguments, the values that it works on, and the activation behind it.  Raises
        `Failed`."""
        op = self._binder.made(statement, target, made, frame)
        if statement.branches is not None:
            return op, self._branches(statement, target, made, frame), self._of_body(target.word, made, frame)
        if len(statement.labels) > 1:
            op = self._binder.shared(op.giving(len(statement.labels)))
        sources, constants, act = self._sources(statement, target, made, frame)
        if constants:
            op = self._binder.shared(target(**{**dict(op), "constants": constants}))
        if op.operands:
            sources = [*self._read.alone(sources, op, statement), *self._read.arguments(op, made, frame)]
        return op, sources, act if made.act is None else self._binder.activation(made.act, frame, target)

    def _again(self, statement: ast.Operation, known: Meaning, frame: Frame) -> Result:
        """The result of a statement whose meaning is known, applied to the incoming value."""
        assert isinstance(frame.current, LayerValue)
        name = self.name(_first(statement.labels), known.op.word, frame)
        return self._layers.apply(known.op, [frame.current], known.act, statement, name, frame.naming.scope(name))

    def _target(self, name: ast.Name, frame: Frame) -> type[Op] | BlockDefinition | None:
        """What `name` calls; `None` where it is a parameter that holds `none`."""
        head, _, member = name.id.partition(".")
        value: object = frame.scope.find(head)
        if value is BROKEN:
            raise Failed
        if member and value is not None:
            value = getattr(value, "members", {}).get(member)
        if isinstance(value, BlockDefinition):
            return value
        word = str(value) if isinstance(value, str) else name.id if value is None else None
        if word is not None and word in BY_WORD:
            return BY_WORD[word]
        if value == NO_ACTIVATION:
            return None
        from specc.elaborate import advice

        what = f"the word `{value}`" if isinstance(value, str) else kind(value)
        hidden = advice.hidden(name, frame)
        message = f"`{name.id}` is {what}, not an operation"
        raise self._report.error("E0201", name.span, message, help=hidden.help, labels=hidden.labels)

    def _nothing(self, statement: ast.Operation, frame: Frame) -> Result:
        if statement.args or statement.branches is not None:
            name = statement.name
            raise self._report.error("E0303", name.span, f"`{name.id}` is `none` here and takes no arguments")
        return self._read.incoming(statement.name.span, frame)[0]

    def _tuned(self, statement: ast.Operation, word: Tuned, target: type[Op], frame: Frame) -> Result:
        """A line whose name holds an operation with its settings."""
        for argument in statement.args:
            if is_setting(argument):
                message = f"`{statement.name.id}` is `{show(word)}` here, with its settings, and takes no others"
                raise self._report.error("E0303", argument.span, message)
        bare = of_operation(target)._replace(names=(), positional=(), required=(), operands=())
        made = plan(statement.args, bare, statement.name.span, frame.scope.binds, self._report)
        if not made.ok or made.flawed:
            raise Failed
        if statement.branches is not None:
            self._branches(statement, target, made, frame)
        at = statement.name.span
        values = self._read.incoming(at, frame) if made.sources is None else self._read.given(made.sources, frame)
        op = tuned(word, frame, self._report)
        op = self._binder.shared(op if len(statement.labels) < 2 else op.giving(len(statement.labels)))
        act = None if made.act is None else self._binder.activation(made.act, frame)
        name = self.name(_first(statement.labels), op.word, frame)
        return self._applied(op, self._read.alone(values, op, statement), act, statement, name, made, frame)

    def _plan(self, statement: ast.Operation, target: type[Op] | BlockDefinition, frame: Frame) -> Plan:
        made = self._plans.get(id(statement))
        if made is None:  # the name holds a word, which only now is known
            signature = of_block(target.tree) if isinstance(target, BlockDefinition) else of_operation(target)
            made = plan(statement.args, signature, statement.name.span, frame.scope.binds, self._report)
        if made.flawed:
            self._layers.broken = True
        if not made.ok:
            raise Failed
        return made

    def _sources(
        self, statement: ast.Operation, op: type[Op], made: Plan, frame: Frame
    ) -> tuple[list[LayerValue], tuple[Constant | None, ...], Op | None]:
        """The values that an operation reads, where numbers are among its operands all of these in order with `None`
        for each value, and the activation that may stand behind them.  What `from=` gives stands for the line before,
        which a single operand that is no list is merged with.
        """
        operands: list[LayerValue | Constant] = []
        act, listed = None, False
        for index, expression in enumerate(made.inputs):
            value = self._report.held(evaluate(expression, frame, self._report), expression.span)
            if not op.takes_numbers or isinstance(value, Word):
                self._read.check_operand(op, expression, value)
            if isinstance(value, Word) and index == len(made.inputs) - 1:
                act = self._binder.activation(expression, frame)
            elif op.takes_numbers and is_constant(value):
                operands.append(constant(value, op.word, expression.span, self._report))
            elif operands and is_number(value) and "axis" in op.model_fields:
                raise self._read.no_axis(value, op, made, expression.span)
            else:
                operands.extend(self._read.values(value, expression.span))
                listed |= isinstance(value, tuple)
        if made.sources is not None:
            operands[:0] = self._read.given(made.sources, frame)
        elif len(operands) < 2 and not listed:  # a list holds all operands, and may hold one
            self._read.warn_of_itself(op, made, frame)
            operands[:0] = self._read.incoming(statement.name.span, frame, spread=not operands)
        if len(operands) == 1 and op.merges() and not made.inputs and made.ok:
            self._read.check_company(op, statement, made, frame)
        values = [operand for operand in operands if isinstance(operand, LayerValue)]
        if not values:
            raise self._read.only_numbers(op, statement)
        if len(values) == len(operands):
            return values[:1] if op.sourceless else values, (), act
        return values, tuple(None if isinstance(o, LayerValue) else o for o in operands), act

    def _branches(self, statement: ast.Operation, op: type[Op], made: Plan, frame: Frame) -> list[LayerValue]:
        if not op.merges():
            raise self._report.error(
                "E0208", statement.name.span, f"`{op.word}` takes no branches",
                help=f"branches are joined by {quoted(o.word for o in BY_WORD.values() if o.merges())}",
            )  # fmt: skip
        inner = self._begun(made, frame)
        inner.branches = []
        self._body(statement.branches or (), inner)
        if any(value is UNKNOWN for value in inner.branches):
            raise Failed
        return inner.branches

    def _of_body(self, word: str, made: Plan, frame: Frame) -> Op | None:
        """The activation of a statement with a body, which takes nothing else without a name."""
        act = made.act
        for expression in made.inputs:
            value = evaluate(expression, frame, self._report)
            if act is not None or not isinstance(value, Word):
                body = "a body" if word == "residual" else "branches"
                raise self._report.error(
                    "E0303", expression.span, f"`{word}` with {body} takes no operands besides, but for one activation",
                    help=f"`{word} from=...` begins with that value" if isinstance(value, LayerValue) else None,
                )  # fmt: skip
            act = expression
        return self._binder.activation(act, frame)

    def _begun(self, made: Plan, frame: Frame) -> Frame:
        """The frame of a body within a statement, which begins with what the statement's `from=` gives."""
        inner = frame.nested()
        if made.sources is not None:
            inner.current = self._handed(made.sources, frame)
        return inner

    def branch(self, branch: ast.Branch, frame: Frame) -> None:
        """Add the value of `branch` to those of the merge that it stands in."""
        assert frame.branches is not None
        base = self.name(branch.label, "", frame) if branch.label is not None else None
        naming = frame.naming
        within = None if base is None else naming.within(base, naming.scope(base), self.reserved.within(branch.body))
        inner = frame.nested(within)
        self._body(branch.body, inner)
        frame.branches.append(self._single(inner, branch.span))

    def _single(self, frame: Frame, span: Span) -> LayerValue:
        return self._read.incoming(span, frame)[0]

    def residual(self, statement: ast.Residual, frame: Frame) -> None:
        try:
            result = self._sum(statement, frame)
        except Failed:
            self._layers.broken = True
            result = UNKNOWN
        self._finish(statement, result, frame)

    def _sum(self, statement: ast.Residual, frame: Frame) -> Result:
        made = self._plans[id(statement)]
        if not made.ok:
            raise Failed
        sources = []
        for body in (statement.body, statement.shortcut or ()):
            inner = self._begun(made, frame)
            if made.sources is not None and not statement.shortcut:
                self._read.check_single(inner.current, made.sources)
            self._body(body, inner)
            sources.append(self._single(inner, statement.keyword))
        op = self._binder.made(statement, BY_WORD["add"], made, frame)
        act = self._of_body("residual", made, frame)
        if any(value is UNKNOWN for value in sources):
            raise Failed
        warn_of_stretched(statement, [value.type for value in sources if value.type is not None], self._report)
        name = self.name(_first(statement.labels), "residual", frame)
        return self._applied(op, sources, act, statement, name, made, frame)

    def _applied(
        self, op: Op, sources: list[LayerValue], act: Op | None, statement: Call, name: str, made: Plan, frame: Frame
    ) -> Result:
        """The layer called `name`, its tensors called as `weights=` says."""
        known = self._layers.sharing.count
        others = tuple([frame.naming.labelled(label.id) for label in statement.labels[1:]])
        tensors = frame.naming.scope(name, made.tensors)
        result = self._layers.apply(op, sources, act, statement, name, tensors, others)
        what = "residual" if isinstance(statement, ast.Residual) else op.word
        if made.weights is not None:
            self._layers.sharing.named(made.tensors, tensors, name, what, made.weights.span)
        self._check_tensors(what, made, known)
        return result

    def _check_tensors(self, what: str, made: Plan, known: int) -> None:
        """E0311 where `weights=` names tensors, and none have come to those `known` before."""
        if made.weights is not None and made.tensors is not None and self._layers.sharing.count == known:
            weightless(what, made.weights, made.tensors, self._report)

    # ------------------------------------------------------------ blocks

    def _block(self, statement: ast.Operation, block: BlockDefinition, made: Plan, frame: Frame) -> Result:
        callers = [caller for caller, _ in self._layers.calls]
        again, deep = block in callers, len(callers) >= self._report.limits.nesting
        if again and (self._endless or block in self._circular):
            raise Failed  # which has been reported
        if deep and not again:
            raise self._report.error(
                "E0106", statement.name.span, f"blocks within blocks, more than {self._report.limits.nesting} deep"
            )
        self._report.spend(_CALL_STEPS, statement.name.span)
        scope = block_scope(block, made, frame, self._report)
        if deep:
            self._endless = True  # each call there is might be followed by as many others
            raise endless([*callers, block], scope.names, statement.name.span, self._report)
        name = self.name(_first(statement.labels), block.tree.name.id, frame)
        current = self._handed(made.sources, frame) if made.sources is not None else frame.current
        tensors = frame.naming.scope(name, made.tensors, calls=True)
        naming = frame.naming.within(name, tensors, self.reserved.within(block.tree.body))
        inner = Frame(scope, naming, current, frame.layout, results=[])
        known = self._layers.sharing.count
        place = statement.name.span if made.weights is None else made.weights.span
        self._layers.sharing.named(made.tensors, tensors, name, block.tree.name.id, place)
        self._layers.calls.append((block, statement.name.span))
        try:
            self._body(block.tree.body, inner)
        finally:
            self._layers.calls.pop()
        self._layers.returned.update((value.name, statement.name.span) for value in inner.results or ())
        result = together(inner.results) if inner.results else inner.current
        if result is None:
            raise self._read.no_value(statement.name.span)
        if made.act is not None:
            result = self._activated(result, made.act, name, statement, frame, tensors)
        if not self._layers.broken:
            self._check_tensors(block.tree.name.id, made, known)
        return result

    def _handed(self, expression: ast.Expr, frame: Frame) -> Result:
        """What a block works on: of a list, even of one value, it makes a list."""
        value = evaluate(expression, frame, self._report)
        items = self._read.values(value, expression.span)
        return LayerValues(tuple(items)) if isinstance(value, tuple) else items[0]

    def _activated(
        self, result: Result, act: ast.Expr, name: str, call: ast.Operation, frame: Frame, tensors: str | None
    ) -> Result:
        """What a block returns behind the closing activation of its call."""
        if isinstance(result, LayerValues):
            message = f"the call has {len(result.items)} values, and an activation takes one"
            raise self._report.error("E0408", act.span, message)
        op = self._binder.activation(act, frame)
        return result if op is None or result.type is None else self._layers.activate(op, result, name, call, tensors)

    def name(self, label: ast.Name | None, word: str, frame: Frame) -> str:
        if label is None:
            return frame.naming.automatic(word.rpartition(".")[2])
        name = frame.naming.labelled(label.id)
        self.labels.setdefault(label.span.start, []).append(name)
        return name

    # ------------------------------------------------------------ results

    def _finish(self, statement: ast.Operation | ast.Residual, result: Result, frame: Frame) -> None:
        if statement.shape is not None:
            several = result is UNKNOWN and len(statement.labels) > 1
            result = result if several else self.assertions.of(statement.shape, result, head(statement), frame)
        labels = statement.labels
        if len(labels) > 1 and result is not UNKNOWN:
            items = result.items if isinstance(result, LayerValues) else (result,)
            if len(items) != len(labels):
                self._read.miscounted(statement, len(items))
                self._layers.broken = True
                items = (UNKNOWN,) * len(labels)
            for label, item in zip(labels, items, strict=True):
                frame.scope.bind(label.id, item, label.span)
                if label.id.startswith("_"):
                    self._layers.spared.add(item.name)
        else:
            for label in labels:
                frame.scope.bind(label.id, result, label.span)
        frame.current = result.items[0] if isinstance(result, LayerValues) and result.leads else result


_CALL_STEPS = 5
"""A call of a block takes about as long as so many statements."""


def _first(labels: Sequence[ast.Name]) -> ast.Name | None:
    return labels[0] if labels else None


def _closed(statements: Sequence[ast.Statement], frame: Frame) -> None:
    raise AssertionError("the model is elaborated already")
