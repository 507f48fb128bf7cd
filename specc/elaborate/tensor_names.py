"""What `weights=` may say: a name under which layers share their tensors."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from specc.elaborate.bodies import Body
from specc.elaborate.modules import BlockDefinition, Module
from specc.elaborate.reads import names_in
from specc.elaborate.report import Reporter
from specc.elaborate.values import describe, kind
from specc.source import Span
from specc.syntax import ast

MOST_QUOTED: Final = 30
"""Characters of the spec that a message repeats."""
_LOADED: Final = r"\.(pt|pth|ckpt|npy|npz|onnx|safetensors|h5|hdf5|keras|bin|pkl)$"
_SURELY_LOADED: Final = r"\.(pth|npy|npz|onnx|safetensors|h5)$"
"""Suffixes of files with weights; the latter where a layer within another could be called so."""
_NOT_NAMES: Final = frozenset({"none", "None", "null", "imagenet", "pretrained"})
"""What stands behind `weights=` in Keras and PyTorch."""
_TENSORS: Final = frozenset({"weight", "bias", "running_mean", "running_var"})
_DOTTED: Final = r"\w+(\.\w+)*"


class Named(NamedTuple):
    """A layer or call `name` of the operation or block `what`, whose tensors are called under `path`: as is `written`
    behind `weights=` at `place`, or by its label."""

    path: str
    name: str
    what: str
    place: Span
    written: str | None = None


def tensors_name(value: ast.Expr, report: Reporter) -> str | None:
    """The name that `weights=value` gives: `head`, `tower.conv1`, or a text such as "layer1.0.conv1"; `None` after
    E0304 for anything else."""
    found = value.value if isinstance(value, ast.Text) else _dotted(value)
    if found is not None and re.search(_LOADED if isinstance(value, ast.Text) else _SURELY_LOADED, found):
        report.error(
            "E0304", value.span, f"`weights` takes a name for tensors, and `{found}` is that of a file",
            help=f"a spec reads no files: `--weights {found}` on the command line brings the weights of all layers",
        )  # fmt: skip
        return None
    if found in _NOT_NAMES:
        report.error(
            "E0304", value.span, f"`weights` takes a name for tensors, not `{found}`",
            help="leave it out: values come from a file of weights, `--weights model.safetensors`, or from a seed",
        )  # fmt: skip
        return None
    if found is not None and re.fullmatch(_DOTTED, found):
        return found
    written = describe(found) if found is not None else _quoted(value)
    report.error(
        "E0304", value.span, f"`weights` takes a name for tensors, not {written}",
        help="write `weights=head`, or \"layer1.0.conv1\" for a name with numbers; `weight=` takes values",
    )  # fmt: skip
    return None


def check_name(written: ast.Expr, body: Body, module: Module, report: Reporter) -> None:
    """E0208 where the name that `weights=` gives is that of a value: it would not be read, and is meant otherwise."""
    if isinstance(written, ast.Attribute) and written.name.id in _TENSORS and isinstance(written.value, ast.Name):
        _check_layer(written, written.value.id, body, report)
    for name in names_in(written):
        entry, found = body.find(name.id), module.scope.find(name.id)
        if entry is not None and entry.what != "input":
            entry.used = True
        if entry is not None and entry.what not in ("label", "input"):
            what = f"{entry.article} {entry.what}"
        elif entry is None and found is not None and not isinstance(found, BlockDefinition):
            module.used.add(name.id)
            what = kind(found)
        else:
            continue
        report.error(
            "E0208", written.span, f"`weights` gives tensors a name, and `{name.id}` is {what}",
            help="`weight=` takes values; for a name choose another one, or write it as a text",
        )  # fmt: skip


def _check_layer(written: ast.Attribute, name: str, body: Body, report: Reporter) -> None:
    """E0208 for `weights=stem.weight`."""
    entry = body.find(name)
    if entry is not None and entry.what == "label":
        entry.used = True
        report.error(
            "E0208", written.span, f"`weights` takes the name of a layer, and `{name}.{written.name.id}` is a tensor",
            help=f"`weights={name}` shares all tensors of `{name}`",
        )  # fmt: skip


def _quoted(value: ast.Expr) -> str:
    text = " ".join(value.span.text.split())
    return f"`{text}`" if len(text) <= MOST_QUOTED else "a value"


def _dotted(value: ast.Expr) -> str | None:
    """A name, or names with dots between them."""
    parts: list[str] = []
    while isinstance(value, ast.Attribute):
        parts.append(value.name.id)
        value = value.value
    return ".".join([value.id, *reversed(parts)]) if isinstance(value, ast.Name) else None


def weightless(what: str, written: ast.Expr, name: str, report: Reporter) -> None:
    """E0311 for `weights=` where there are no weights."""
    report.error(
        "E0311", written.span, f"`{what}` has no weights that could be called `{name}`",
        help="`weights=` belongs to a layer that has some, or to the call of a block that holds one",
    )  # fmt: skip
