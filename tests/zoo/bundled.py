"""The bundled specs, checked once each."""

from __future__ import annotations

from functools import cache
from typing import Any

from specc.data import specs_folder
from specc.limits import DEFAULT_LIMITS
from specc.loader import FileLoader, read_source
from specc.pipeline import Checked, Outcome, check
from specc.source import Source

SPECS = tuple(
    f"{folder}/{path.stem}" for folder in ("lecture", "zoo") for path in sorted((specs_folder() / folder).glob("*.cnn"))
)


@cache
def outcome(spec: str) -> Outcome:
    """All models of `lecture/resnet` and what there is to say about them."""
    return with_settings(spec)


def model(spec: str, name: str, **settings: Any) -> Checked:
    """The model called `name`; without settings the one that `outcome` holds."""
    models = with_settings(spec, name, **settings).models if settings else outcome(spec).models
    return next(m for m in models if m.graph.name == name)


def with_settings(spec: str, name: str | None = None, **settings: Any) -> Outcome:
    """The model called `name` with parameters set as `--set` does."""
    path = specs_folder() / f"{spec}.cnn"
    source = read_source(path, DEFAULT_LIMITS)
    assert isinstance(source, Source)
    return check(source, FileLoader(path.parent, DEFAULT_LIMITS), model=name, settings=settings)


def compiled(text: str, **how: Any) -> Outcome:
    """The models of a spec given as text."""
    return check(Source("inline.cnn", text), FileLoader(specs_folder(), DEFAULT_LIMITS), **how)
