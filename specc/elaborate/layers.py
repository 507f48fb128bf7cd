"""Layers: nodes with inferred types, and refusals with their places."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Final, NamedTuple

from specc.diagnostics import Diagnostic, Label
from specc.elaborate.modules import BlockDefinition
from specc.elaborate.plan import Plan
from specc.elaborate.report import Failed, Reporter
from specc.elaborate.sharing import Sharing, Use
from specc.elaborate.steps import Mark, Origin, Step
from specc.elaborate.values import LayerValue, LayerValues
from specc.ir.build import GraphBuilder, output_names
from specc.ir.graph import Node
from specc.limits import raising
from specc.ops.base import Finding, Op, Rejection, Types, Weight
from specc.ops.fields import LARGEST_SIZE
from specc.source import Span
from specc.syntax import ast
from specc.types import TensorType

MORE_LAYERS: Final = raising("layers")
Result = LayerValue | LayerValues
Call = ast.Operation | ast.Residual


class _Inferred(NamedTuple):
    """What an operation gives on its inputs; `weights` are not known where it refused them."""

    types: Types
    weights: tuple[Weight, ...] | None
    remarks: tuple[Finding, ...] = ()


class _Steps(NamedTuple):
    """How a layer is made of values of the types `inputs`."""

    inputs: Types
    nodes: tuple[Step, ...]


class Layers:
    """The graph under construction.  `broken` says that something was left out of it after an error."""

    def __init__(self, build: GraphBuilder, plans: dict[int, Plan], report: Reporter) -> None:
        self.build = build
        self.marks: dict[str, Mark] = {}
        self.returned: dict[str, Span] = {}
        self.spared: set[str] = set()  # values among several whose labels say that nothing uses them
        self.open_sizes: frozenset[str] = frozenset()
        self.calls: list[tuple[BlockDefinition, Span]] = []
        self.broken = False
        self.doubtful: set[str] = set()  # values with the shape that is likely meant, where another was refused
        self.origins: dict[str, Origin] = {}
        self.sharing = Sharing()
        self._known: dict[tuple[int, Types], _Inferred] = {}  # by the operation's `id`
        self._types: dict[TensorType, TensorType] = {}  # one for all that are equal, which is quicker to look up
        self._met: set[int] = set()  # statements, by `id`
        self._repeated: dict[tuple[int, ...], _Steps] = {}  # by the `id` of all that decides what they are
        self._plans = plans
        self._report = report
        self._most = report.limits.layers

    def begin(self, name: str, kind: TensorType, span: Span) -> None:
        """Note where an input is declared."""
        self._types.setdefault(kind, kind)
        self.origins[name] = Origin(span)
        self.marks[name] = Mark(span, ())

    def step(self, node: Node) -> Step:
        """How a node of this graph was made, for `take`."""
        kinds = tuple([self.build.types[name] for name in node.inputs])
        weights = self._known[id(node.op), kinds].weights or ()
        suffix = node.name.removeprefix(node.layer)
        return Step(node, suffix, kinds, weights, self.marks[node.name], self.origins[node.name])

    def take(self, steps: Sequence[Step]) -> bool:
        """Add the nodes of these steps.  Returns whether it did: not where the model would have too many layers."""
        if len(self.build.nodes) + len(steps) > self._most:
            return False
        for node, _, inputs, weights, mark, origin in steps:
            name = node.name
            if weights:
                self.sharing.note(Use(name, name, node.op, inputs, weights, tuple(self.calls), mark.place))
            if not self.broken:
                self.build.take(node)
                self.marks[name] = mark
            self.origins[name] = origin
        return True

    def apply(
        self,
        op: Op,
        sources: list[LayerValue],
        act: Op | None,
        statement: Call,
        name: str,
        scope: str | None = None,
        others: tuple[str, ...] = (),
    ) -> Result:
        """Make the layer called `name`.  Its tensors are called under `scope`, if that is not its name too, and its
        further results `others`, where these have labels.  Raises `Failed`."""
        for source in sources:
            if source.type is None:
                raise Failed
        again = id(statement) in self._met  # in a text without loops and blocks none comes again
        self._met.add(id(statement))
        key = (id(statement), id(op), id(act), *[id(source.type) for source in sources]) if again else ()
        known = self._repeated.get(key)
        if known is not None and self._can_repeat(sources, len(known.nodes)):
            return self._repeat(known.nodes, sources, name, scope)
        first, heard = len(self.build.nodes), self._report.heard
        result = self._node(op, sources, name, name, statement, scope, others)
        result = result if act is None else self.activate(act, result, name, statement, scope)
        if again and isinstance(result, LayerValue) and heard == self._report.heard and self._can_repeat(sources, 0):
            inputs = tuple([source.type for source in sources if source.type is not None])
            self._repeated[key] = _Steps(inputs, tuple(map(self.step, self.build.nodes[first:])))
        return result

    def _can_repeat(self, sources: list[LayerValue], count: int) -> bool:
        """Whether no error has left its mark, and there may be `count` layers more."""
        if self.broken or len(self.build.nodes) + count > self._most:
            return False
        return not [source for source in sources if source.claimed is not None]

    def _repeat(self, steps: tuple[Step, ...], sources: list[LayerValue], name: str, scope: str | None) -> LayerValue:
        """Make the layer of these steps again, called `name`: only its inputs and its names differ."""
        inputs = tuple([source.name for source in sources])
        called = name
        for node, suffix, kinds, weights, mark, origin in steps:
            called = name + suffix
            own = None
            if weights:
                own = scope if scope is None else scope + suffix
                self.sharing.note(Use(own or called, called, node.op, kinds, weights, tuple(self.calls), mark.place))
            self.build.repeat(node, called, name, inputs, own)
            self.marks[called] = mark
            self.origins[called] = origin
            inputs = (called,)
        return LayerValue(called, name, node.types[0])

    def activate(self, act: Op, value: Result, name: str, statement: Call, scope: str | None) -> Result:
        """The activation of a value, or of the first of several that leads the others.  Raises `Failed`."""
        if isinstance(value, LayerValues):
            return self._first_activated(act, value, name, statement, scope)
        inner = None if scope is None else f"{scope}.{act.word}"
        own = f"{name}.{act.word}"
        result = self._node(act, [value], own, name, statement, inner)
        if own in self.marks:
            self.marks[own] = Mark(head(statement), _written(act, self._plans.get(id(statement))))
        if isinstance(result, LayerValue) and value.name in self.origins:
            self.origins[result.name] = self.origins[value.name]  # its size comes about where the layer's does
        return result

    def _first_activated(self, act: Op, values: LayerValues, name: str, statement: Call, scope: str | None) -> Result:
        first, *others = values.items
        if not values.leads:
            raise self._report.error(
                "E0408", head(statement), f"an activation closes one value, and here are {len(values.items)}",
                help=f"write it on a line of its own: `{act.word} from=...`",
            )  # fmt: skip
        result = self.activate(act, first, name, statement, scope)
        assert isinstance(result, LayerValue)
        return LayerValues((result, *others), leads=True)

    def _check_arity(self, op: Op, sources: list[LayerValue], statement: Call) -> None:
        least, most = op.arity
        count = len(sources) + op.numbers
        if count < least or (most is not None and count > most):
            from specc.elaborate import advice

            wanted = str(least) if least == most else f"at least {least}"
            raise self._report.error(
                "E0408", head(statement),
                f"`{op.word}` takes {wanted} {'value' if wanted.endswith('1') else 'values'}, not {count}",
                help=advice.one_value(advice.source(statement.args)) if most == 1 else None,
            )  # fmt: skip

    def _node(
        self,
        op: Op,
        sources: list[LayerValue],
        name: str,
        layer: str,
        statement: Call,
        scope: str | None,
        others: tuple[str, ...] = (),
    ) -> Result:
        inputs = tuple([source.type for source in sources if source.type is not None])
        found = self._infer(op, inputs, sources, statement)
        claimed = self._infer_claimed(op, sources)
        if found is None:
            assert claimed is not None
            self.broken = True
            self.sharing.count += 1
            return _results(op, output_names(name, len(claimed), others), layer, claimed, None)
        types, span = found.types, head(statement)
        if found.weights is None or (found.weights and claimed is not None):
            self.sharing.count += 1
        elif found.weights:
            self.sharing.note(Use(scope or name, name, op, inputs, found.weights, tuple(self.calls), span))
        names = output_names(name, len(types), others)
        if found.weights is None or (self.doubtful and any(source.name in self.doubtful for source in sources)):
            self.doubtful.update(names)
        if not self.broken:
            self._append(op, sources, types, names, layer, span, scope if found.weights else None)
            made = self._plans.get(id(statement))
            self.marks[name] = Mark(span, () if made is None else made.fields)
        for value in names:
            self.origins[value] = Origin(span, op, inputs)
        return _results(op, names, layer, types, claimed)

    def _append(
        self,
        op: Op,
        sources: list[LayerValue],
        types: Types,
        names: tuple[str, ...],
        layer: str,
        span: Span,
        scope: str | None,
    ) -> None:
        if len(self.build.nodes) >= self._most:
            raise self._report.error("E0701", span, f"more than {self._most:_} layers", help=MORE_LAYERS)
        inputs = tuple([source.name for source in sources])
        name, *others = names
        file, line = span.source.name, span.row
        self.build.append(
            op, inputs, types, name=name, layer=layer, file=file, line=line, scope=scope, others=tuple(others)
        )

    def _infer(self, op: Op, inputs: Types, sources: list[LayerValue], statement: Call) -> _Inferred | None:
        """What the layer gives; `None` when only the shape that a false `->` claimed can go on.  Raises `Failed`."""
        key = id(op), inputs
        try:
            if key not in self._known:  # deep networks repeat
                self._check_arity(op, sources, statement)
                types = tuple([self._types.setdefault(x, x) for x in op.infer(inputs)])
                weights = op.weights(inputs)
                self._check_sizes(types, head(statement))
                self._known[key] = _Inferred(types, weights, op.remarks(inputs))
        except Rejection as rejection:
            if self._infer_claimed(op, sources) is not None:
                return None
            if not self._is_echo(sources):
                self._reject(rejection.finding, op, sources, statement)
            self.broken = True
            likely = op.likely(inputs)
            if likely is None:
                raise Failed from None
            return _Inferred(likely, None)
        found = self._known[key]
        plan = self._plans.get(id(statement))
        if plan is not None and plan.doubt is not None:
            self._report.add(plan.doubt.warning)
        elif plan is None or not plan.flawed:  # of a line in error the error is told alone
            for remark in found.remarks:
                self._reject(remark, op, sources, statement)
        return found

    def _is_echo(self, sources: list[LayerValue]) -> bool:
        """Whether the shapes of values may differ only because of an error reported already: some come from it."""
        doubts = {source.name in self.doubtful for source in sources}
        return len(doubts) > 1

    def _infer_claimed(self, op: Op, sources: list[LayerValue]) -> Types | None:
        for source in sources:
            if source.claimed is not None:
                break
        else:
            return None
        inputs = tuple(s.claimed or s.type for s in sources)
        try:
            types = op.infer(tuple(x for x in inputs if x is not None))
            op.weights(tuple(x for x in inputs if x is not None))
        except Rejection:
            return None
        return types

    def _check_sizes(self, types: Types, span: Span) -> None:
        """Sizes that ONNX cannot hold are E0703."""
        largest = max((size for made in types for size in made.shape if isinstance(size, int)), default=0)
        if largest > LARGEST_SIZE:
            raise self._report.error("E0703", span, f"a size here would be {largest}, and is not below 2 ** 63")

    def _reject(self, finding: Finding, op: Op, sources: list[LayerValue], statement: Call) -> None:
        """Report what an operation says about its arguments and inputs, with their places in the text."""
        made = self._plans.get(id(statement))
        written = None if made is None else (made.fields | made.operands).get(finding.argument or "")
        place = head(statement) if written is None else written.span
        message = finding.message
        if isinstance(statement, ast.Residual):
            message = message.replace(f"`{op.word}`", "`residual`")
        labels = tuple(self._input_labels(finding, sources, place))
        help = self._help(finding, sources, statement)
        self._report.add(Diagnostic(finding.code, message, place, finding.label, labels, tuple(finding.notes), help))

    def _input_labels(self, finding: Finding, sources: list[LayerValue], place: Span) -> Iterator[Label]:
        """What the finding says of single inputs, at the lines that made these."""
        for index, text in finding.inputs.items():
            origin = self.origins.get(sources[index].name)
            if origin is not None and origin.span != place:
                yield Label(origin.span, ": ".join([text, *origin.arithmetic[:1]]))

    def _help(self, finding: Finding, sources: list[LayerValue], statement: Call) -> str | None:
        """The help for a finding: what the text around it tells, if anything, or else the operation's own."""
        help = None
        if finding.code == "E0404" and isinstance(statement, ast.Operation):
            help = self._shape_meant(sources)
        elif finding.code == "E0403":
            help = self._axis_meant(statement, sources) or self._remedy(statement, sources)
        elif (made := self._plans.get(id(statement))) is not None and made.doubt is not None:
            help = f"did you mean `{made.doubt.meant}`?"
        return help or finding.help

    def _shape_meant(self, sources: list[LayerValue]) -> str | None:
        """What was meant by an input of the wrong rank."""
        from specc.elaborate.advice import as_product

        inputs = {known.name for known in self.build.inputs}
        places = [self.origins[source.name].span for source in sources if source.name in inputs]
        return next(filter(None, map(as_product, places)), None)

    def _axis_meant(self, statement: Call, sources: list[LayerValue]) -> str | None:
        """What was meant by `concat a, b, axis=1`, if the values meet along the channels."""
        made = self._plans.get(id(statement))
        axis = None if made is None else made.fields.get("axis")
        from specc.elaborate.meeting import channels_meant

        return channels_meant(axis, tuple([source.type for source in sources if source.type is not None]))

    def _remedy(self, statement: Call, sources: list[LayerValue]) -> str | None:
        """What brings the values that a merge or residual joins to one shape."""
        from specc.elaborate.meeting import remedy  # most of them meet

        values = tuple([source.type for source in sources if source.type is not None])
        origins = [self.origins.get(source.name) for source in sources]
        return remedy(statement, values, origins, self.origins.values())


def together(values: Sequence[LayerValue]) -> Result:
    """One value, or the list of several."""
    return values[0] if len(values) == 1 else LayerValues(tuple(values))


def head(statement: Call) -> Span:
    """The place of the operation's name."""
    return statement.name.span if isinstance(statement, ast.Operation) else statement.keyword


def _written(act: Op, made: Plan | None) -> Container[str]:
    """The arguments that were written for a closing activation."""
    if made is None or not isinstance(made.act, ast.Call):
        return ()
    call = made.act
    return {
        *act.positional[: len(call.args)],
        *(argument.key.id for argument in call.named if argument.key is not None),
    }


def _results(op: Op, names: tuple[str, ...], layer: str, types: Types, claimed: Types | None) -> Result:
    if claimed is None and len(types) == 1:
        return LayerValue(names[0], layer, types[0])
    values = tuple(
        LayerValue(value, layer, x, None if claimed is None or claimed[i] == x else claimed[i])
        for i, (value, x) in enumerate(zip(names, types, strict=True))
    )
    return values[0] if len(values) == 1 else LayerValues(values, op.leads)
