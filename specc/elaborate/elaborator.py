"""From statements to layers.

Values carry their types along, so shapes are checked at the line that claims them.  After an error a value is
unknown and what depends on it is skipped in silence; everything else goes on, so that one run reports all errors
and none of their echoes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from specc.dims import names
from specc.elaborate.bind import bind, bind_activation
from specc.elaborate.expressions import Frame, condition, describe, evaluate
from specc.elaborate.layers import Layers, Result, head
from specc.elaborate.model import Instance
from specc.elaborate.modules import BlockDefinition
from specc.elaborate.plan import Plan, of_block, of_operation, plan
from specc.elaborate.ports import graph_input, graph_output
from specc.elaborate.report import Failed, Reporter
from specc.elaborate.resolve import Resolver
from specc.elaborate.scope import Naming, Scope
from specc.elaborate.values import BROKEN, UNKNOWN, LayerValue, LayerValues, Value, Word, kind
from specc.ir.build import GraphBuilder
from specc.ir.graph import Graph, GraphOutput
from specc.limits import Limits
from specc.ops import BY_WORD
from specc.ops.base import Op
from specc.source import Span
from specc.syntax import ast


@dataclass(frozen=True, slots=True)
class Claim:
    """An `expect` line, to be judged once the graph is complete, with the names it may use."""

    tree: ast.Expect
    frame: Frame


@dataclass(frozen=True, slots=True)
class Elaborated:
    """A model as a graph, its claims, and the place in the text of every node."""

    graph: Graph
    claims: tuple[Claim, ...]
    places: dict[str, Span]
    labels: dict[int, list[str]] = field(default_factory=dict)


class Elaborator:
    """Elaborates one model."""

    def __init__(self, instance: Instance, resolved: Resolver, report: Reporter, limits: Limits) -> None:
        self._report = report
        self._limits = limits
        self._plans = plans = resolved.plans
        self._guesses = resolved.guesses
        self._ops: dict[tuple[object, ...], Op] = {}
        build = GraphBuilder(instance.name, instance.definition.module.source.name, doc=instance.doc)
        self._layers = Layers(build, plans, report, limits)
        self._instance = instance
        self._claims: list[Claim] = []
        self._labels: dict[int, list[str]] = {}
        self._steps = 0
        self._repetitions = 1
        self._handlers: dict[type, Callable[[Any, Frame], None]] = {
            ast.Operation: self._operation,
            ast.Residual: self._residual,
            ast.Let: self._let,
            ast.If: self._if,
            ast.For: self._for,
            ast.Repeat: self._repeat,
            ast.Input: self._input,
            ast.Output: self._output,
            ast.Expect: self._expect,
        }

    def run(self, scope: Scope) -> Elaborated | None:
        """The elaborated model, or `None` when errors leave no graph."""
        frame = Frame(scope, Naming(set()))
        try:
            self._body(self._instance.tree.body, frame)
        except Failed:
            return None
        for claim, module in self._instance.claims:
            self._claims.append(Claim(claim, Frame(Scope(module.scope), frame.naming, frame.current, frame.layout)))
        if self._layers.broken or not self._complete(frame):
            return None
        return Elaborated(self._layers.build.finish(), tuple(self._claims), self._layers.places, self._labels)

    def _complete(self, frame: Frame) -> bool:
        tree = self._instance.tree
        if not self._layers.build.inputs:
            self._report.error(
                "E0211", tree.name.span, f"model `{self._instance.name}` has no input",
                help="the first line of a model declares it, such as `input image 3x224x224`",
            )  # fmt: skip
            return False
        if not self._layers.build.nodes:
            self._report.error("E0211", tree.name.span, f"model `{self._instance.name}` has no layers")
            return False
        if not self._layers.build.outputs:
            current = frame.current
            if not isinstance(current, LayerValue):
                self._report.error(
                    "E0408", tree.name.span, "the last line of the model has several values",
                    help="name those that the model returns: `output a` and `output b`",
                )  # fmt: skip
                return False
            self._layers.build.outputs.append(GraphOutput(name="output", value=current.name))
        return True

    # ------------------------------------------------------------ bodies

    def _body(self, statements: Sequence[ast.Statement], frame: Frame) -> None:
        for statement in statements:
            self._steps += 1
            if self._steps > self._limits.steps:
                raise self._report.error("E0702", statement.span, f"more than {self._limits.steps} compile-time steps")
            self._handlers[type(statement)](statement, frame)

    def _let(self, statement: ast.Let, frame: Frame) -> None:
        try:
            value = evaluate(statement.value, frame, self._report)
        except Failed:
            value = BROKEN
        frame.scope.bind(statement.name.id, value, statement.name.span)

    def _if(self, statement: ast.If, frame: Frame) -> None:
        try:
            chosen = statement.then if condition(statement.test, frame, self._report) else statement.orelse
        except Failed:
            self._spoil(frame)
            return
        self._body(chosen, frame)

    def _for(self, statement: ast.For, frame: Frame) -> None:
        try:
            items = evaluate(statement.iterable, frame, self._report)
            rows = self._rows(statement, items)
        except Failed:
            self._spoil(frame)
            return
        self._loop(statement, len(rows), frame, rows)

    def _repeat(self, statement: ast.Repeat, frame: Frame) -> None:
        try:
            count = self._count(statement, frame)
        except Failed:
            self._spoil(frame)
            return
        self._loop(statement, count, frame, None)

    def _count(self, statement: ast.Repeat, frame: Frame) -> int:
        count = evaluate(statement.count, frame, self._report)
        if isinstance(count, float) and count.is_integer():
            count = int(count)
        if isinstance(count, bool) or not isinstance(count, int):
            raise self._report.error(
                "E0304", statement.count.span, f"`repeat` needs a whole number, not {describe(count)}"
            )
        if count < 0:
            raise self._report.error("E0305", statement.count.span, f"`repeat` cannot count to {count}")
        return count

    def _loop(
        self, statement: ast.For | ast.Repeat, count: int, frame: Frame, rows: list[tuple[Value, ...]] | None
    ) -> None:
        self._repetitions *= max(count, 1)
        if statement.body and self._repetitions > self._limits.layers:
            place = statement.count.span if isinstance(statement, ast.Repeat) else statement.iterable.span
            raise self._report.error(
                "E0701",
                place,
                f"this repeats its body {self._repetitions} times; the limit is {self._limits.layers} layers",
                help="the limit can be raised with --max-layers",
            )
        base = self._name(statement.label, "", frame) if statement.label is not None else None
        for index in range(count):
            naming = frame.naming.within(f"{base}.{index}") if base is not None else frame.naming.iteration(index)
            inner = frame.nested(naming)
            if rows is not None:
                assert isinstance(statement, ast.For)
                for target, value in zip(statement.targets, rows[index], strict=True):
                    inner.scope.bind(target.id, value, target.span)
            self._body(statement.body, inner)
            frame.current = inner.current
        if statement.label is not None and frame.current is not None:
            frame.scope.bind(statement.label.id, frame.current, statement.label.span)
        self._repetitions //= max(count, 1)

    def _rows(self, statement: ast.For, items: Value) -> list[tuple[Value, ...]]:
        """What the loop variables are bound to, iteration by iteration."""
        if not isinstance(items, tuple):
            raise self._report.error("E0304", statement.iterable.span, f"`for` needs a list, not {describe(items)}")
        targets = len(statement.targets)
        if targets == 1:
            return [(item,) for item in items]
        rows: list[tuple[Value, ...]] = []
        for index, item in enumerate(items):
            row = item if isinstance(item, tuple) else (item,)
            if len(row) == targets - 1:
                row = (index, *row)
            if len(row) != targets:
                raise self._report.error(
                    "E0408", statement.iterable.span, f"item {index} of the list does not give {targets} names a value",
                    help="an item is a list with a value for each name; with one name more, the first is the index",
                )  # fmt: skip
            rows.append(row)
        return rows

    # ------------------------------------------------------------ operations

    def _operation(self, statement: ast.Operation, frame: Frame) -> None:
        try:
            result = self._call(statement, frame)
        except Failed:
            self._layers.broken = True
            result = UNKNOWN
        self._finish(statement, result, frame)

    def _call(self, statement: ast.Operation, frame: Frame) -> Result:
        target = self._guesses.get(id(statement)) or self._target(statement.name, frame)
        made = self._plan(statement, target, frame)
        if isinstance(target, BlockDefinition):
            if statement.branches is not None:
                raise self._report.error("E0208", statement.name.span, "a block takes no branches")
            return self._block(statement, target, made, frame)
        op = self._bind(statement, target, made, frame)
        if statement.branches is not None:
            sources = self._branches(statement, target, frame)
            act = self._activation(made.act, frame)
        else:
            sources, act = self._sources(statement, made, frame)
            act = act if made.act is None else self._activation(made.act, frame)
        name = self._name(_first(statement.labels), op.word, frame)
        return self._layers.apply(op, sources, act, statement, name)

    def _target(self, name: ast.Name, frame: Frame) -> type[Op] | BlockDefinition:
        head, _, member = name.id.partition(".")
        value: object = frame.scope.find(head)
        if value is BROKEN:
            raise Failed
        if member and value is not None:
            value = getattr(value, "members", {}).get(member)
        if isinstance(value, BlockDefinition):
            return value
        word = value if isinstance(value, Word) else name.id if value is None else None
        if word in BY_WORD:
            return BY_WORD[word]
        raise self._report.error("E0201", name.span, f"`{name.id}` is {kind(value)}, not an operation")

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

    def _bind(self, statement: ast.Operation | ast.Residual, op: type[Op], made: Plan, frame: Frame) -> Op:
        if made.fields and any(not isinstance(e, _LITERALS) for e in made.fields.values()):
            return bind(op, made, frame, self._report)
        key = (id(statement), op, frame.layout)
        if key not in self._ops:
            self._ops[key] = bind(op, made, frame, self._report)
        return self._ops[key]

    def _activation(self, expression: ast.Expr | None, frame: Frame) -> Op | None:
        """The activation behind the arguments.  One in error is left out: it would not change the shape."""
        if expression is None:
            return None
        try:
            return bind_activation(expression, frame, self._report)
        except Failed:
            self._layers.broken = True
            return None

    def _sources(self, statement: ast.Operation, made: Plan, frame: Frame) -> tuple[list[LayerValue], Op | None]:
        """The values an operation reads, and the activation that may stand behind a merge's operands."""
        if made.sources is not None:
            return self._from(made.sources, frame), None
        operands: list[LayerValue] = []
        act = None
        for index, expression in enumerate(made.inputs):
            value = evaluate(expression, frame, self._report)
            if isinstance(value, Word) and index == len(made.inputs) - 1:
                act = self._activation(expression, frame)
            else:
                operands.extend(self._values(value, expression.span))
        if len(operands) == 1 or not operands:
            operands[:0] = self._incoming(statement.name.span, frame, spread=not operands)
        return operands, act

    def _from(self, expression: ast.Expr, frame: Frame) -> list[LayerValue]:
        return self._values(evaluate(expression, frame, self._report), expression.span)

    def _values(self, value: Value, span: Span) -> list[LayerValue]:
        """A value or list of values between layers."""
        if isinstance(value, LayerValue):
            return [value]
        if isinstance(value, LayerValues):
            return list(value.items)
        if isinstance(value, tuple) and value:
            return [item for part in value for item in self._values(part, span)]
        raise self._report.error(
            "E0208", span, f"the value of a layer is needed here, not {describe(value)}",
            help="name a layer by a label: `name: operation ...`",
        )  # fmt: skip

    def _incoming(self, span: Span, frame: Frame, spread: bool = False) -> list[LayerValue]:
        current = frame.current
        if current is None:
            raise self._report.error(
                "E0211", span, "there is no value yet for this to work on",
                help="a model begins with its input: `input image 3x224x224`",
            )  # fmt: skip
        if isinstance(current, LayerValues):
            if spread:
                return list(current.items)
            raise self._several(current, span)
        return [current]

    def _several(self, values: LayerValues, span: Span) -> Failed:
        return self._report.error(
            "E0408", span, f"the line before has {len(values.items)} values, and one is needed here",
            help="label them, `a, b: split 2`, and say which with from=a",
        )  # fmt: skip

    def _branches(self, statement: ast.Operation, op: type[Op], frame: Frame) -> list[LayerValue]:
        if op.arity[1] is not None:
            raise self._report.error(
                "E0208", statement.name.span, f"`{op.word}` takes no branches",
                help="branches are joined by add, mul, max, mean or concat",
            )  # fmt: skip
        results = []
        for branch in statement.branches or ():
            base = self._name(branch.label, "", frame) if branch.label is not None else None
            inner = frame.nested(frame.naming.within(base) if base is not None else None)
            self._body(branch.body, inner)
            results.append(self._single(inner, branch.span))
        if any(value is UNKNOWN for value in results):
            raise Failed
        return results

    def _single(self, frame: Frame, span: Span) -> LayerValue:
        return self._incoming(span, frame)[0]

    def _residual(self, statement: ast.Residual, frame: Frame) -> None:
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
            inner = frame.nested()
            self._body(body, inner)
            sources.append(self._single(inner, statement.keyword))
        op = self._bind(statement, BY_WORD["add"], made, frame)
        act = self._activation(made.act, frame)
        if any(value is UNKNOWN for value in sources):
            raise Failed
        name = self._name(_first(statement.labels), "residual", frame)
        return self._layers.apply(op, sources, act, statement, name)

    # ------------------------------------------------------------ blocks

    def _block(self, statement: ast.Operation, block: BlockDefinition, made: Plan, frame: Frame) -> Result:
        if any(block is caller for caller, _ in self._layers.calls) or len(self._layers.calls) >= self._limits.nesting:
            raise Failed  # the resolver has reported the circle
        scope = self._block_scope(block, made, frame)
        name = self._name(_first(statement.labels), block.tree.name.id, frame)
        current = self._from(made.sources, frame)[0] if made.sources is not None else frame.current
        inner = Frame(scope, frame.naming.within(name), current, frame.layout)
        self._layers.calls.append((block, statement.name.span))
        self._body(block.tree.body, inner)
        self._layers.calls.pop()
        result = inner.current
        if result is None:
            raise Failed
        if made.act is not None:
            act = self._activation(made.act, frame)
            if act is not None and isinstance(result, LayerValue):
                return self._layers.activate(act, result, name, statement)
        return result

    def _block_scope(self, block: BlockDefinition, made: Plan, frame: Frame) -> Scope:
        scope = Scope(block.module.scope)
        callee = Frame(scope, frame.naming, frame.current, frame.layout)
        failed = False
        for parameter in block.tree.parameters:
            written = made.fields.get(parameter.name.id)
            try:
                if written is not None:
                    value = evaluate(written, frame, self._report)
                else:
                    assert parameter.default is not None
                    value = evaluate(parameter.default, callee, self._report)
                scope.bind(parameter.name.id, value, parameter.name.span)
            except Failed:
                failed = True
        if failed:
            raise Failed
        return scope

    def _name(self, label: ast.Name | None, word: str, frame: Frame) -> str:
        if label is None:
            return frame.naming.automatic(word.rpartition(".")[2])
        name = frame.naming.labelled(label.id)
        self._labels.setdefault(label.span.start, []).append(name)
        return name

    # ------------------------------------------------------------ results

    def _finish(self, statement: ast.Operation | ast.Residual, result: Result, frame: Frame) -> None:
        if statement.shape is not None and isinstance(result, LayerValue):
            result = self._layers.check_shape(statement.shape, result, head(statement), frame)
        labels = statement.labels
        if len(labels) > 1 and result is not UNKNOWN:
            items = result.items if isinstance(result, LayerValues) else (result,)
            if len(items) != len(labels):
                self._report.error(
                    "E0408", labels[0].span.to(labels[-1].span), f"{len(labels)} labels for {len(items)} values"
                )
                items = (UNKNOWN,) * len(labels)
            for label, item in zip(labels, items, strict=True):
                frame.scope.bind(label.id, item, label.span)
        else:
            for label in labels:
                frame.scope.bind(label.id, result, label.span)
        frame.current = result

    # ------------------------------------------------------------ inputs, outputs, expectations

    def _input(self, statement: ast.Input, frame: Frame) -> None:
        if self._layers.calls:
            self._report.error("E0211", statement.span, "an input belongs to a model, not to a block")
            return
        try:
            declared, layout = graph_input(statement, frame, self._report, self._layers.build.inputs)
        except Failed:
            self._layers.broken = True
            frame.scope.bind(statement.name.id, UNKNOWN, statement.name.span)
            frame.current = UNKNOWN
            return
        if not self._layers.build.inputs:
            self._layers.build.layout = frame.layout = layout
        self._layers.build.add_input(declared)
        frame.naming.taken.add(declared.name)
        self._layers.open_sizes |= {name for size in declared.type.shape for name in names(size)}
        self._layers.begin(declared.name, statement.name.span)
        frame.current = LayerValue(declared.name, declared.name, declared.type)
        frame.scope.bind(statement.name.id, frame.current, statement.name.span)

    def _output(self, statement: ast.Output, frame: Frame) -> None:
        if self._layers.calls:
            self._report.error("E0211", statement.span, "an output belongs to a model, not to a block")
            return
        try:
            output = graph_output(statement, frame, self._report)
        except Failed:
            self._layers.broken = True
            return
        if any(known.name == output.name for known in self._layers.build.outputs):
            self._report.error("E0203", statement.name.span, f"output `{output.name}` is declared twice")
            return
        self._layers.build.outputs.append(output)

    def _expect(self, statement: ast.Expect, frame: Frame) -> None:
        self._claims.append(Claim(statement, frame.nested()))

    def _spoil(self, frame: Frame) -> None:
        """What a body would have made is not known."""
        self._layers.broken = True
        frame.current = UNKNOWN


_LITERALS = (ast.Number, ast.Size, ast.Text, ast.Bool)


def _first(labels: Sequence[ast.Name]) -> ast.Name | None:
    return labels[0] if labels else None
