"""Loading specs from Python: `specc.load` and `specc.loads` give a `Model`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from specc import arguments
from specc.diagnostics import Diagnostic, has_errors
from specc.elaborate.values import Value, quoted
from specc.errors import SpecError
from specc.limits import DEFAULT_LIMITS, Limits
from specc.loader import FileLoader, read_source
from specc.model import Model
from specc.pipeline import Checked, Outcome, check
from specc.source import Source
from specc.workspace import Workspace

_LOADED: Final = Workspace()
"""What the last loading of each file has left for the next one."""


def load(
    path: str | os.PathLike[str],
    /,
    *,
    model: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    parameters: Mapping[str, object] = MappingProxyType({}),
    **keywords: object,
) -> Model:
    """The model in the spec at `path`: the one called `model`, or the only one there is.

    Further keywords set the model's parameters, as `--set` does: numbers, truth values, texts, words (`None` is `none`)
    and lists of them, NumPy's too; those called `limits` or `parameters` by the mapping `parameters`.  A file that
    is loaded again after an edit costs only what the edit changed (see `specc.workspace`).  Raises `SpecError`.
    """
    settings = arguments.settings(parameters, keywords)
    file = arguments.spec_path(path, model, limits)
    source = read_source(file, limits)
    if isinstance(source, Diagnostic):
        raise SpecError([arguments.missing_file(source, str(path))])
    return _model(_LOADED.check, source, FileLoader(file.parent, limits), model, limits, settings)


def loads(
    text: str,
    /,
    *,
    model: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    parameters: Mapping[str, object] = MappingProxyType({}),
    **keywords: object,
) -> Model:
    """`load` for a spec's text; it may import bundled modules, and files below the current folder."""
    settings = arguments.settings(parameters, keywords)
    source = Source("<text>", arguments.spec_text(text, model, limits))
    return _model(check, source, FileLoader(Path(), limits), model, limits, settings)


def _model(
    checked: Callable[..., Outcome],
    source: Source,
    loader: FileLoader,
    model: str | None,
    limits: Limits,
    settings: Mapping[str, Value],
) -> Model:
    outcome = checked(source, loader, model=model, settings=settings, limits=limits)
    if has_errors(outcome.diagnostics):
        raise SpecError(outcome.diagnostics)
    chosen = choose(outcome, source.name)
    if isinstance(chosen, Diagnostic):
        raise SpecError([chosen])
    return Model(chosen, outcome.diagnostics, limits)


def choose(outcome: Outcome, file: str) -> Checked | Diagnostic:
    """The one model that was checked, or the request to say which."""
    if len(outcome.models) == 1:
        return outcome.models[0]
    names = quoted(checked.graph.name for checked in outcome.models)
    return Diagnostic(
        "E0207", f"{file} has {len(outcome.models)} models: say which one", file=file, notes=(f"they are {names}",),
        help="choose one with `--model NAME`, from Python `model=NAME`",
    )  # fmt: skip
