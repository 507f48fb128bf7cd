"""What one check of a file leaves for the next one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from specc.elaborate.bodies import Body
from specc.elaborate.modules import Module
from specc.elaborate.outcomes import Outcomes
from specc.elaborate.plan import Plan
from specc.elaborate.reads import called_and_read
from specc.ir.graph import Graph, Node
from specc.source import LineSpan
from specc.syntax import ast
from specc.syntax.lines import Lines


class Resolved(NamedTuple):
    """A statement that nothing is wrong with, its plan, and the names in it: bound by a body around it, and free.

    `alone` says that it reads no value but its input, and has a single result.
    """

    statement: ast.Operation
    plan: Plan
    bound: tuple[str, ...]
    free: tuple[str, ...]
    alone: bool


class Memory:
    """The lines of a file and of what it imports, the plans of the statements in them, and the nodes of its models.

    A check that is given a memory uses what still holds of it, which does not change the result, and leaves there what
    it finds itself.  A memory serves one check at a time; spans of the check before are no longer valid then.
    """

    def __init__(self) -> None:
        self._lines: dict[str, Lines] = {}
        self._read: set[str] = set()
        self._resolved: dict[int, Resolved] = {}  # by the statement's `id`
        self._noted: dict[int, Resolved] = {}
        self._nodes: dict[str, dict[str, Node]] = {}
        self._outcomes: dict[str, Outcomes] = {}

    def lines(self, file: str) -> Lines:
        self._read.add(file)
        return self._lines.setdefault(file, Lines())

    def recall(self, statement: ast.Operation, body: Body, module: Module) -> Resolved | None:
        """What is known of a statement whose names are bound, or free, as they were."""
        known = self._resolved.get(id(statement))
        if known is None:
            return None
        for name in known.free:
            if body.find(name) is not None or _comes_later(name, body, module):
                return None
        for name in known.bound:
            if body.find(name) is None:
                return None
        self._noted[id(statement)] = known
        return known

    def note(self, statement: ast.Operation, plan: Plan | None, body: Body, module: Module) -> None:
        """Keep the plan of a statement that nothing is wrong with, if its line is kept and it calls an operation."""
        if plan is None or type(statement.span) is not LineSpan or statement.branches is not None:
            return
        if plan.weights is not None:  # a name that is no value: a body may bind it to anything
            return
        called, read = called_and_read(statement)
        bound = tuple([name for name in read if body.find(name) is not None])
        free = tuple((called | read).difference(bound, ["in"]))
        if any(body.find(name) is not None or _comes_later(name, body, module) for name in free):
            return
        if called.isdisjoint(bound):  # else what is called depends on what the name is bound to, not only on that it is
            alone = not bound and "in" not in read and len(statement.labels) < 2
            self._noted[id(statement)] = Resolved(statement, plan, bound, free, alone)

    def resolved(self) -> None:
        """All files have been resolved: what was not met again is forgotten."""
        self._resolved, self._noted = self._noted, {}
        self._lines = {file: lines for file, lines in self._lines.items() if file in self._read}
        self._read = set()

    def nodes(self, model: str) -> Mapping[str, Node]:
        """The nodes that the model had when it was last elaborated, by name."""
        return self._nodes.get(model, {})

    def stands_alone(self, statement: ast.Operation) -> bool:
        known = self._resolved.get(id(statement))
        return known is not None and known.alone

    def outcomes(self, model: str) -> Outcomes | None:
        """What the statements of the model have come to."""
        return self._outcomes.get(model)

    def came_to(self, model: str, found: Outcomes, complete: bool) -> None:
        """Keep what statements of a model have come to; where errors kept some from it, what they came to before."""
        former = self._outcomes.get(model)
        if not complete and former is not None:
            found.complete(former, self.stands_alone)
        self._outcomes[model] = found

    def keep(self, models: Collection[str], graphs: Iterable[Graph]) -> None:
        """Keep the nodes of these graphs; of other models of the file, which have errors now, those there were."""
        found = {graph.name: {node.name: node for node in graph.nodes} for graph in graphs}
        self._nodes = {name: nodes for name, nodes in self._nodes.items() if name in models} | found
        self._outcomes = {name: outcomes for name, outcomes in self._outcomes.items() if name in models}


def _comes_later(name: str, body: Body, module: Module) -> bool:
    """Whether a name that is not bound yet is by what follows, or by the file."""
    return body.find_later(name) is not None or module.scope.find(name) is not None
