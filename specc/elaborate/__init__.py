"""Elaboration: from syntax to graphs.

`modules` loads a file and its imports, `resolve` checks what can be checked without evaluating, `model` picks the
model and its parameters, `elaborator` runs its body.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from specc.diagnostics import Diagnostic
from specc.diagnostics.suggest import nearest
from specc.elaborate.elaborator import Claim, Elaborated, Elaborator
from specc.elaborate.expansion import least_layers
from specc.elaborate.expressions import Frame, evaluate
from specc.elaborate.model import Instance, alters, instantiate, parameters
from specc.elaborate.modules import BlockDefinition, Loader, ModelDefinition, Module, Modules
from specc.elaborate.reads import names_in
from specc.elaborate.report import Failed, Reporter
from specc.elaborate.resolve import Resolver
from specc.elaborate.scope import Naming, Scope
from specc.elaborate.values import Value, quoted
from specc.frozen import changed
from specc.limits import Limits, raising
from specc.source import Source
from specc.syntax import ast
from specc.syntax.parser import parse

if TYPE_CHECKING:
    from specc.elaborate.memory import Memory

__all__ = [
    "Claim",
    "Elaborated",
    "Loader",
    "Module",
    "Project",
    "elaborate",
    "evaluated",
    "open_project",
    "parse_setting",
]


SETTING = "--set "
"""How the name of a source begins that is an argument and no file."""

_MODEL_STEPS = 100
"""Starting a model takes about as long as so many statements."""


class Setting(NamedTuple):
    """What `--set` gives a parameter, where it reads names: the file may define them."""

    expression: ast.Expr


class Project(NamedTuple):
    """A file with everything it imports, resolved: ready for its models to be elaborated."""

    module: Module
    resolver: Resolver
    memory: Memory | None = None

    @property
    def model_names(self) -> tuple[str, ...]:
        return tuple(model.name for model in self.module.models)

    def model(self, name: str) -> ModelDefinition | None:
        found = self.module.scope.names.get(name)
        return found if isinstance(found, ModelDefinition) and found.module is self.module else None


def open_project(
    source: Source,
    loader: Loader,
    report: Reporter,
    memory: Memory | None = None,
    settings: Mapping[str, Value] = MappingProxyType({}),
) -> Project | None:
    """Parse `source`, load what it imports, and check what needs no evaluation; what `settings` read is in use."""
    modules = Modules(loader, report, None if memory is None else memory.lines)
    module = modules.load(source)
    if module is None:
        return None
    resolver = Resolver(report, memory)
    for loaded in modules.all:
        resolver.resolve(loaded)
    for value in settings.values():
        if isinstance(value, Setting):
            module.used.update(name.id for name in names_in(value.expression))
        elif isinstance(value, str) and isinstance(module.scope.find(value), BlockDefinition):
            module.used.add(value)
    resolver.finish(module)
    if memory is not None:
        memory.resolved()
    report.settle()
    return Project(module, resolver, memory)


def evaluated(project: Project, settings: Mapping[str, Value], report: Reporter) -> dict[str, Value]:
    """The settings as values; a `Setting` sees the constants, blocks and modules of the file, and a text may name a
    block.  Raises `Failed`."""
    frame = Frame(project.module.scope, Naming(set()))
    return {
        name: evaluate(value.expression, frame, report) if isinstance(value, Setting) else _block(project, value)
        for name, value in settings.items()
    }


def _block(project: Project, value: Value) -> Value:
    """The block that a text from Python names, or else the value itself."""
    found = project.module.scope.find(value) if isinstance(value, str) else None
    return found if isinstance(found, BlockDefinition) else value


def elaborate(project: Project, name: str, settings: Mapping[str, Value], report: Reporter) -> Elaborated | None:
    """The model called `name` with its parameters set; `None` after errors that leave no graph."""
    definition = project.model(name)
    if definition is None:
        if name not in project.model_names:  # else its name is taken twice, which has been told
            _no_model(project, name, report)
        return None
    try:
        report.spend(_MODEL_STEPS, definition.tree.name.span)
        instance = instantiate(definition, report)
        scope = parameters(instance, settings, report)
        if settings:  # what a derived model expects holds for its own arguments
            instance.claims.clear()
        _check_size(instance, report)
    except Failed:
        return None
    elaborator = Elaborator(instance, project.resolver, report, project.memory)
    elaborated = elaborator.run(scope)
    if project.memory is not None:
        project.memory.came_to(instance.name, elaborator.replay.found, elaborated is not None)
    if elaborated is not None and alters(instance, settings):
        return elaborated._replace(claims=())  # they speak of the model as it is written
    return elaborated


def is_complete(project: Project, name: str, settings: Container[str]) -> bool:
    """Whether every parameter of the model has a value when `settings` are set."""
    definition = project.model(name)
    if definition is None or isinstance(definition.tree, ast.Derived):
        return True
    return all(p.default is not None or p.name.id in settings for p in definition.tree.parameters)


def parse_setting(text: str, report: Reporter) -> tuple[str, Value] | None:
    """`depths=[2, 2, 2, 2]` as a name and a value, or a `Setting` where it reads names."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        report.add(Diagnostic("E0310", f"`{text}` does not set a parameter", help="write `--set name=value`"))
        return None
    source = Source(f"{SETTING}{name.strip()}", f"let {name.strip()} = {value.strip()}\n")
    tree, diagnostics = parse(source, report.limits)
    for diagnostic in diagnostics:
        help = _as_list(name.strip(), value.strip(), report.limits) or diagnostic.help
        report.add(changed(diagnostic, help=help))
    if tree is None or diagnostics or len(tree.items) != 1 or not isinstance(tree.items[0], ast.Let):
        return None
    written = tree.items[0].value
    if any(names_in(written)):
        return name.strip(), Setting(written)
    try:
        return name.strip(), evaluate(written, Frame(Scope(), Naming(set())), report)
    except Failed:
        return None


def _as_list(name: str, value: str, limits: Limits) -> str | None:
    """The help for `depths=2,2`."""
    listed = f"{name}=[{value}]"
    if "," not in value or parse(Source("", f"let {listed}\n"), limits)[1]:
        return None
    return f"a list stands in brackets: `--set {listed}`"


def _no_model(project: Project, name: str, report: Reporter) -> None:
    guess = nearest(name, project.model_names)
    listed = quoted(project.model_names) or "none"
    report.add(
        Diagnostic(
            "E0207",
            f"there is no model `{name}` in {project.module.source.name}",
            file=project.module.source.name,
            notes=(f"its models are {listed}",),
            help=f"did you mean `{guess}`?" if guess else None,
        )
    )


def _check_size(instance: Instance, report: Reporter) -> None:
    """Refuse what is sure to expand beyond the limit before expanding it."""
    least = least_layers(instance.tree.body, instance.definition.module, {})
    if least > report.limits.layers:
        raise report.error(
            "E0701",
            instance.tree.name.span,
            f"model `{instance.name}` expands to at least {least:_} layers; the limit is {report.limits.layers:_}",
            help=raising("layers"),
        )
