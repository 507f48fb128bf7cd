"""Outputs that are called like a layer and return another one."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple

from specc.diagnostics import Diagnostic, Label
from specc.elaborate.expressions import Frame
from specc.elaborate.report import Reporter
from specc.elaborate.steps import Mark
from specc.elaborate.values import LayerValue
from specc.syntax import ast


class Unbound(NamedTuple):
    """An `output` whose name is that of no value here, so that it returns what the layer `returned` of the line before
    has; `path` is what a layer of this name would be called."""

    statement: ast.Output
    path: str
    returned: str


def unbound(statement: ast.Output, frame: Frame) -> Unbound | None:
    """The statement, if it gives the value of the line before a name."""
    name, value = statement.name.id, frame.current
    if frame.scope.binds(name) or not isinstance(value, LayerValue):
        return None
    if any(argument.key is not None and argument.key.id == "from" for argument in statement.args):
        return None
    return Unbound(statement, frame.naming.prefix + name, value.layer)


def warn_of_misnamed(
    outputs: Sequence[Unbound],
    layers: Container[str],
    labels: Mapping[int, Iterable[str]],
    marks: Mapping[str, Mark],
    report: Reporter,
) -> None:
    """W0205 for outputs called like one of the `layers` or calls of the model that they do not return; `labels` are
    the names that labels have given."""
    for statement, path, returned in outputs:
        if path not in layers or returned == path or returned.startswith(f"{path}."):
            continue
        name, mark = statement.name.id, marks.get(path)
        is_label = any(path in given for given in labels.values())
        message = f"`{path}` is another layer: this returns `{returned}`, the line before, as `{name}`"
        reach = "a label is known in its own body alone" if is_label else f"a label makes it a value: `{name}: ...`"
        report.add(
            Diagnostic(
                "W0205", message, statement.name.span,
                labels=() if mark is None else (Label(mark.place, f"`{path}`"),),
                help=f"{reach}; `from=in` says that the line before is meant",
            )
        )  # fmt: skip
