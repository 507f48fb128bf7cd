"""Which model of a file is meant, and with which parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from specc.diagnostics import Diagnostic
from specc.diagnostics.suggest import nearest
from specc.elaborate.expressions import Frame, evaluate
from specc.elaborate.modules import ModelDefinition, Module
from specc.elaborate.reads import names_in, open_sizes
from specc.elaborate.report import Failed, Reporter
from specc.elaborate.scope import Naming, Scope
from specc.elaborate.values import Value, describe, quoted
from specc.source import Span
from specc.syntax import ast


class Instance(NamedTuple):
    """A model with the arguments it is derived with, outermost first; `claims` are the expectations of the
    derived models on the way, each with the module it was written in.

    `altered` says that the arguments change what the model's parameters would be without them.
    """

    name: str
    definition: ModelDefinition
    tree: ast.Model
    arguments: dict[str, Value]
    claims: list[tuple[ast.Expect, Module]]
    doc: str
    altered: bool = False

    def judges(self, claim: ast.Expect) -> bool:
        """Whether an expectation of the model with the layers holds here too: one that names a parameter always
        does, others speak of that model as it is written."""
        return not self.altered or names_parameter(claim, self.tree)


def instantiate(definition: ModelDefinition, report: Reporter) -> Instance:
    """Follow `model A = B(...)` down to the model that has layers.  Raises `Failed`."""
    levels: list[_Level] = []
    doc = definition.tree.doc
    name, seen = definition.name, [definition]
    while isinstance(definition.tree, ast.Derived):
        if len(seen) > report.limits.nesting:
            message = f"models derived from each other, more than {report.limits.nesting} in a chain"
            raise report.error("E0106", seen[0].tree.name.span, message)
        tree, module = definition.tree, definition.module
        claims = _claims(tree, report)
        base = _base(definition, report)
        if base in seen:
            raise _circle(seen[seen.index(base) :], report)
        levels.append(_Level([(claim, module) for claim in claims], _derived_arguments(tree, module, base, report)))
        seen.append(base)
        definition = base
        doc = doc or base.tree.doc
    return _joined(Instance(name, definition, definition.tree, {}, [], doc), levels)


class _Level(NamedTuple):
    """What one derived model adds to its base."""

    claims: list[tuple[ast.Expect, Module]]
    arguments: dict[str, Value]


def _joined(instance: Instance, levels: list[_Level]) -> Instance:
    """`instance` derived in `levels`, outermost first: its own arguments win, and what they change takes along the
    expectations of the levels below."""
    for claims, arguments in reversed(levels):
        altered = alters(instance, arguments)
        kept = [found for found in instance.claims if not altered or names_parameter(found[0], instance.tree)]
        instance = instance._replace(
            arguments=instance.arguments | arguments, claims=[*claims, *kept], altered=instance.altered or altered
        )
    return instance


def names_parameter(claim: ast.Expect, tree: ast.Model) -> bool:
    """Whether an expectation of the model speaks of its parameters, and so of every model derived from it."""
    names = {parameter.name.id for parameter in tree.parameters}
    return any(name.id in names for name in names_in(claim.claim))


def _claims(tree: ast.Derived, report: Reporter) -> list[ast.Expect]:
    for statement in tree.body:
        if not isinstance(statement, ast.Expect):
            report.error(
                "E0101", statement.span, "a derived model only takes `expect` lines",
                help="its layers are those of the model it is derived from",
            )  # fmt: skip
    return [statement for statement in tree.body if isinstance(statement, ast.Expect)]


def _circle(models: list[ModelDefinition], report: Reporter) -> Failed:
    """E0206, told from the first of the models in the text, so that it is reported once."""
    start = min(range(len(models)), key=lambda i: models[i].tree.name.span.start)
    ring = [*models[start:], *models[:start], models[start]]
    tree = ring[0].tree
    assert isinstance(tree, ast.Derived)
    chain = " = ".join(f"`{model.name}`" for model in ring)
    return report.error("E0206", tree.base.span, f"model `{ring[0].name}` is derived from itself", chain)


def _base(definition: ModelDefinition, report: Reporter) -> ModelDefinition:
    tree = definition.tree
    assert isinstance(tree, ast.Derived)
    value = evaluate(tree.base, Frame(definition.module.scope, Naming(set())), report)
    if not isinstance(value, ModelDefinition):
        raise report.error(
            "E0208", tree.base.span, "a model can only be derived from a model", f"this is {describe(value)}"
        )
    return value


def _derived_arguments(tree: ast.Derived, module: Module, base: ModelDefinition, report: Reporter) -> dict[str, Value]:
    frame = Frame(module.scope, Naming(set()))
    names = parameter_names(base) if tree.args else []
    arguments: dict[str, Value] = {}
    if names is None:
        return arguments  # that `base` is derived from no model is reported there
    failed = False
    for index, argument in enumerate(tree.args):
        key = argument.key.id if argument.key is not None else names[index] if index < len(names) else None
        if key is None or key not in names:
            place = argument.key.span if argument.key is not None else argument.span
            _no_parameter(key, base.name, names, place, report)
            failed = True
            continue
        try:
            arguments[key] = evaluate(argument.value, frame, report)
        except Failed:
            failed = True
    if failed:
        raise Failed
    return arguments


def parameter_names(definition: ModelDefinition) -> list[str] | None:
    """The parameters a model can be given; a derived one takes those of its base. `None` where that is no model."""
    tree = layered(definition)
    return None if tree is None else [parameter.name.id for parameter in tree.parameters]


def layered(definition: ModelDefinition) -> ast.Model | None:
    """The model with layers that `definition` is, or is derived from; `None` where it is derived from no model."""
    seen: set[int] = set()
    while isinstance(definition.tree, ast.Derived):
        seen.add(id(definition))
        base = definition.tree.base
        found = definition.module.scope.find(base.id) if isinstance(base, ast.Name) else None
        if isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name):
            namespace = definition.module.scope.find(base.value.id)
            found = getattr(namespace, "members", {}).get(base.name.id)
        if not isinstance(found, ModelDefinition) or id(found) in seen:
            return None
        definition = found
    return definition.tree


def open_in(definition: ModelDefinition) -> list[str]:
    """The open sizes of the model's inputs; a derived one has those of its base."""
    tree = layered(definition)
    return [] if tree is None else list(open_sizes(tree.body))


def _open_size(key: str, tree: ast.Model) -> str | None:
    """The help where `key` is no parameter but an open size of an input."""
    shapes = [statement.shape for statement in tree.body if isinstance(statement, ast.Input)]
    named = {name.id for shape in shapes for name in names_in(shape)}
    named.update(
        part for shape in shapes if isinstance(shape, ast.Size) for part in shape.parts if isinstance(part, str)
    )
    help = f"`{key}` is an open size: `--size {key}=224` gives it a number, from Python `m.at({key}=224)`"
    return help if key in named else None


def _no_parameter(
    key: str | None, model: str, names: list[str], place: Span | None, report: Reporter, help: str | None = None
) -> None:
    """E0310 for an argument called `key`, or for one without a name where there are too many."""
    guess = nearest(key, names) if key else None
    listed = f"its parameters are {quoted(names)}" if names else "it has no parameters"
    report.add(
        Diagnostic(
            "E0310",
            f"model `{model}` has no parameter `{key}`" if key else f"too many arguments for model `{model}`",
            place,
            help=help or (f"did you mean `{guess}`?" if guess else listed),
        )
    )


def parameters(instance: Instance, overrides: Mapping[str, Value], report: Reporter) -> Scope:
    """The scope of the model's body: its parameters, from `overrides`, derivation or defaults.  Raises `Failed`."""
    module = instance.definition.module
    scope = Scope(module.scope)
    frame = Frame(scope, Naming(set()))
    names = [p.name.id for p in instance.tree.parameters]
    given = {**instance.arguments, **overrides}
    failed = False
    for key in overrides:
        if key not in names:
            _no_parameter(key, instance.name, names, None, report, _open_size(key, instance.tree))
            failed = True
    for parameter in instance.tree.parameters:
        name = parameter.name.id
        if name in given:
            scope.bind(name, given[name])
        elif parameter.default is not None:
            scope.bind(name, evaluate(parameter.default, frame, report))
        else:
            report.error(
                "E0302", parameter.span, f"model `{instance.name}` needs a value for `{name}`", "no default",
                help=f"set it with `--set {name}=...`, or derive a model: `model Name = {instance.name}({name}=...)`",
            )  # fmt: skip
            failed = True
    if failed:
        raise Failed
    return scope


def alters(instance: Instance, overrides: Mapping[str, Value]) -> bool:
    """Whether `overrides` change what the model's parameters would be without them; one that has to be set is none."""
    if not overrides:
        return False
    needed = {p.name.id for p in instance.tree.parameters if p.default is None} - instance.arguments.keys()
    try:
        scope = parameters(instance, {key: overrides[key] for key in needed & overrides.keys()}, Reporter())
    except Failed:
        return False  # not all that have to be set are, which is reported where they are
    return any(name not in scope.names or scope.names[name] != value for name, value in overrides.items())
