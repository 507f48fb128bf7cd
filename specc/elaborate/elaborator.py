"""From statements to layers.

Values carry their types along, so shapes are checked at the line that claims them.  After an error a value is
unknown and what depends on it is skipped in silence; everything else goes on, so that one run reports all errors
and none of their echoes.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from specc.dims import Sym, names
from specc.elaborate.batch import unnamed
from specc.elaborate.expressions import Frame, as_list, condition, evaluate
from specc.elaborate.layers import MORE_LAYERS, Layers
from specc.elaborate.misnamed import Unbound, unbound, warn_of_misnamed
from specc.elaborate.model import Instance
from specc.elaborate.operations import Operations
from specc.elaborate.orders import warn_of_order
from specc.elaborate.ports import block_output, graph_input, graph_output
from specc.elaborate.report import Failed, Reporter, no_notes
from specc.elaborate.resolve import Resolver
from specc.elaborate.rounds import Round
from specc.elaborate.rows import rows
from specc.elaborate.scope import Naming, Scope
from specc.elaborate.steps import Mark
from specc.elaborate.values import BROKEN, UNKNOWN, LayerValue, Value, describe, whole
from specc.ir.build import GraphBuilder
from specc.ir.graph import Graph, GraphOutput
from specc.source import Span
from specc.syntax import ast

if TYPE_CHECKING:
    from specc.diagnostics import Diagnostic
    from specc.elaborate.memory import Memory


MOST_BODIES: Final = 2000
"""How deep bodies lie within each other, those of blocks where they are called; Python's stack holds no more."""


class Claim(NamedTuple):
    """An `expect` line, to be judged once the graph is complete, with the names it may use; `model` is the one that
    it is judged for, where that is derived from the one that holds the line."""

    tree: ast.Expect
    frame: Frame
    model: str | None = None


class Elaborated(NamedTuple):
    """A model as a graph, with its claims.

    `marks` tells by a node's name where in the text it comes from; `labels` by the place of a label the names that it
    gave; `returned` by the name of a value the call of the block that returns it.
    """

    graph: Graph
    claims: tuple[Claim, ...]
    marks: dict[str, Mark]
    labels: dict[int, list[str]]
    returned: dict[str, Span]

    def place(self, name: str) -> Span | None:
        """Where in the text the node or layer called `name` is made."""
        mark = self.marks.get(name)
        return None if mark is None else mark.place

    def written(self, name: str) -> Container[str]:
        """The arguments that were written for the node called `name`."""
        mark = self.marks.get(name)
        return () if mark is None else mark.written


class Elaborator:
    """Elaborates one model, with `memory` from what its last check has left."""

    def __init__(self, instance: Instance, resolved: Resolver, report: Reporter, memory: Memory | None = None) -> None:
        self._report = report
        former = {} if memory is None else memory.nodes(instance.name)
        build = GraphBuilder(instance.name, instance.definition.module.source.name, doc=instance.doc, former=former)
        self._layers = Layers(build, resolved.plans, report)
        self._operations = Operations(self._layers, resolved, report, self._body)
        self._instance = instance
        self._batch: Sym | None = None
        self._gathered = resolved.gathered
        self._claims: list[Claim] = []
        self._unbound: list[Unbound] = []
        self._repetitions = 1
        self._depth = 0
        self._rounds: list[Round] = []
        report.background = self._background
        self._whole: Frame | None = None
        self._handlers: dict[type, Callable[[Any, Frame], None]] = {
            ast.Operation: self._operations.operation,
            ast.Residual: self._operations.residual,
            ast.Branch: self._operations.branch,
            ast.Let: self._let,
            ast.If: self._if,
            ast.For: self._for,
            ast.Repeat: self._repeat,
            ast.Input: self._input,
            ast.Output: self._output,
            ast.Expect: self._expect,
        }
        if memory is not None:
            from specc.elaborate.replay import Replay

            self.replay = Replay(self._operations, self._layers, report, memory, instance.name)
            self._handlers[ast.Operation] = self.replay.operation

    def run(self, scope: Scope) -> Elaborated | None:
        """The elaborated model, or `None` when errors leave no graph.  To be called once."""
        try:
            return self._run(scope)
        finally:  # without these circles all that was made is gone as soon as nobody needs it
            self._handlers.clear()
            self._operations.close()
            self._report.background = no_notes

    def _run(self, scope: Scope) -> Elaborated | None:
        parameters = dict(scope.names)
        body = self._instance.tree.body
        frame = self._whole = Frame(scope, Naming(set(), kept=self._operations.reserved.within(body)))
        try:
            self._body(body, frame)
        except Failed:
            return None
        for claim, module in self._instance.claims:
            sight = Scope(module.scope, dict(parameters))  # a derived model sees the parameters of its base
            self._claims.append(Claim(claim, Frame(sight, frame.naming, frame.current, frame.layout)))
        shares = self._layers.sharing.check(frame.naming.taken, frame.layout, self._report)
        if not shares or self._layers.broken or not self._complete(frame):
            return None
        layers, labels = self._layers, self._operations.labels
        marks = layers.marks
        layers.sharing.warn(frame.naming.taken, labels.values(), self._report)
        warn_of_misnamed(self._unbound, frame.naming.taken, labels, marks, self._report)
        if layers.spared:
            marks = {name: mark for name, mark in marks.items() if name not in layers.spared}
        return Elaborated(layers.build.finish(), tuple(self._claims), marks, labels, layers.returned)

    def _complete(self, frame: Frame) -> bool:
        tree = self._instance.tree
        if not self._layers.build.inputs:
            self._report.error(
                "E0211", tree.name.span, f"model `{self._instance.name}` has no input",
                help="the first line of a model declares it, such as `input image 3x224x224`",
            )  # fmt: skip
            return False
        if not self._layers.build.nodes:
            loop = next((line for line in tree.body if isinstance(line, ast.For | ast.Repeat)), None)
            place = tree.name.span if loop is None else loop.keyword
            self._report.error(
                "E0211", place, f"model `{self._instance.name}` has no layers",
                help="a line such as `conv 64, 3x3, relu` below the input makes one" if loop is None
                else "nothing in this loop makes one, or it has no rounds",
            )  # fmt: skip
            return False
        if not self._layers.build.outputs:
            current = frame.current
            if not isinstance(current, LayerValue):
                last = None if current is None else self._layers.origins.get(current.items[0].name)
                place = tree.name.span if last is None else last.span
                self._report.error(
                    "E0408", place, "the last line of the model has several values",
                    help="label them, and name those that the model returns: `output a` and `output b`",
                )  # fmt: skip
                return False
            self._layers.build.outputs.append(GraphOutput(name="output", value=current.name))
        return True

    def _background(self, finding: Diagnostic) -> tuple[str, ...]:
        from specc.elaborate.surroundings import notes

        return notes(finding, self._layers.calls, self._rounds, self._instance)

    # ------------------------------------------------------------ bodies

    def _body(self, statements: Sequence[ast.Statement], frame: Frame) -> None:
        self._depth += 1
        try:
            if self._depth > MOST_BODIES and statements:
                message = f"bodies within bodies and blocks, more than {MOST_BODIES:_} deep"
                raise self._report.error("E0106", statements[0].span, message)
            for statement in statements:
                self._report.spend(1, statement.span)
                self._handlers[type(statement)](statement, frame)
        finally:
            self._depth -= 1

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
            items = self._report.held(evaluate(statement.iterable, frame, self._report), statement.iterable.span)
            found = rows(statement.targets, items, statement.iterable.span, "`for`", self._report)
        except Failed:
            self._spoil(frame, statement)
            return
        self._loop(statement, len(found), frame, found)

    def _repeat(self, statement: ast.Repeat, frame: Frame) -> None:
        try:
            count = self._count(statement, frame)
        except Failed:
            self._spoil(frame, statement)
            return
        self._loop(statement, count, frame, None)

    def _count(self, statement: ast.Repeat, frame: Frame) -> int:
        count = whole(evaluate(statement.count, frame, self._report))
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
        try:
            self._check_repetitions(statement)
            self._iterate(statement, count, frame, rows)
        finally:
            self._repetitions //= max(count, 1)
        self._close(statement, frame)

    def _check_repetitions(self, statement: ast.For | ast.Repeat) -> None:
        """E0701 for a body that the loops around it repeat more often than a model may have layers."""
        most = self._report.limits.layers
        if statement.body and self._repetitions > most:
            place = statement.count.span if isinstance(statement, ast.Repeat) else statement.iterable.span
            message = f"this repeats its body {self._repetitions:_} times; the limit is {most:_} layers"
            raise self._report.error("E0701", place, message, help=MORE_LAYERS)

    def _iterate(
        self, statement: ast.For | ast.Repeat, count: int, frame: Frame, rows: list[tuple[Value, ...]] | None
    ) -> None:
        """Elaborate every iteration.  Behind the loop each label that is read there is the list of its values."""
        base, reserved = None, frozenset[str]()
        if statement.label is not None:
            base = self._operations.name(statement.label, "", frame)
            reserved = self._operations.reserved.within(statement.body)
        targets = statement.targets if isinstance(statement, ast.For) else ()
        gathered: dict[str, list[Value]] = {name: [] for name in self._gathered.get(id(statement), ())}
        turn = Round(statement, rows, len(self._layers.calls))
        self._rounds.append(turn)
        try:
            for turn.index in range(count if statement.body else 0):
                inner = frame.nested(frame.naming.iteration(turn.index, base, reserved))
                for target, value in zip(targets, rows[turn.index] if rows else (), strict=True):
                    inner.scope.bind(target.id, value, target.span)
                self._body(statement.body, inner)
                frame.current = inner.current
                for name in gathered.keys() & inner.scope.names:
                    gathered[name].append(as_list(inner.scope.names[name]))
        finally:
            self._rounds.pop()
        for name, values in gathered.items():
            frame.scope.bind(name, tuple(values))

    def _close(self, loop: ast.For | ast.Repeat, frame: Frame) -> None:
        """What a loop leaves behind has the shape that is asserted, and the loop's label."""
        if loop.shape is not None and frame.current is not None:
            frame.current = self._operations.assertions.of(loop.shape, frame.current, loop.keyword, frame)
        if loop.label is not None and frame.current is not None:
            frame.scope.bind(loop.label.id, frame.current, loop.label.span)

    # ------------------------------------------------------------ inputs, outputs, expectations

    def _input(self, statement: ast.Input, frame: Frame) -> None:
        if self._layers.calls:
            self._report.error("E0211", statement.span, "an input belongs to a model, not to a block")
            return
        if frame is not self._whole:
            self._report.error("E0211", statement.span, "an input belongs to a model, not to a loop or a branch")
            self._spoil(frame)
            return
        try:
            batch = self._batch or unnamed(self._instance.tree.body, frame.scope)
            self._batch = batch
            declared, layout = graph_input(statement, frame, self._report, self._layers.build.inputs, batch)
        except Failed:
            self._layers.broken = True
            frame.scope.bind(statement.name.id, UNKNOWN, statement.name.span)
            frame.current = UNKNOWN
            return
        warn_of_order(statement, declared, layout, self._report)
        if not self._layers.build.inputs:
            self._layers.build.layout = frame.layout = layout
        self._layers.build.add_input(declared)
        frame.naming.taken.add(declared.name)
        self._layers.open_sizes |= {name for size in declared.type.shape for name in names(size)}
        self._layers.begin(declared.name, declared.type, statement.name.span)
        frame.current = LayerValue(declared.name, declared.name, declared.type)
        frame.scope.bind(statement.name.id, frame.current, statement.name.span)

    def _output(self, statement: ast.Output, frame: Frame) -> None:
        if (found := unbound(statement, frame)) is not None:
            self._unbound.append(found)
        try:
            if frame.results is not None:
                frame.results.append(block_output(statement, frame, self._report))
                return
            output = graph_output(statement, frame, self._report)
        except Failed:
            self._layers.broken = True
            if frame.results is not None:
                frame.results.append(UNKNOWN)
            return
        if output.name != output.value and any(known.name == output.name for known in self._layers.build.inputs):
            self._report.error(
                "E0203", statement.name.span, f"`{output.name}` is an input already",
                help=f"only the input itself is returned under its name: `output result, from={output.value}`",
            )  # fmt: skip
            self._layers.broken = True
            return
        if any(known.name == output.name for known in self._layers.build.outputs):
            self._report.error(
                "E0203", statement.name.span, f"output `{output.name}` is declared twice",
                help=None if frame is self._whole else "behind a loop a label is the list of its values: return each "
                f"there with a line of its own, `output {output.name}_0, from=label[0]`",
            )  # fmt: skip
            self._layers.broken = True
            return
        self._layers.build.outputs.append(output)

    def _expect(self, statement: ast.Expect, frame: Frame) -> None:
        if self._layers.calls:
            self._report.error(
                "E0211", statement.span, "an expectation speaks of the whole model, and belongs there, not to a block",
                help="what a block makes is asserted by shapes, `-> 64x_x_`, and its parameters by a model of its own",
            )  # fmt: skip
            return
        if self._instance.judges(statement):
            derived = self._instance.name != self._instance.tree.name.id
            self._claims.append(Claim(statement, frame.nested(), self._instance.name if derived else None))

    def _spoil(self, frame: Frame, loop: ast.For | ast.Repeat | None = None) -> None:
        """What a body would have made is not known."""
        self._layers.broken = True
        frame.current = UNKNOWN
        if loop is not None:
            for name in self._gathered.get(id(loop), ()):
                frame.scope.bind(name, BROKEN)
            self._close(loop, frame)
