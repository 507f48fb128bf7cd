"""ONNX files read back from Python."""

from __future__ import annotations

import os
from typing import NamedTuple

from specc import arguments
from specc.decompile import spec_of
from specc.errors import SpecError
from specc.model import Model
from specc.onnx.importer import read_model
from specc.weights import Weights
from specc.weights.mapping import rules_of
from specc.weights.tensors import own


class ImportedModel(NamedTuple):
    """The model in an ONNX file, its weights by the model's tensor names, and the text of its spec."""

    model: Model
    weights: Weights
    text: str

    @property
    def rules(self) -> str:
        """The mapping file by which weights that are called as in the network that was exported fit the model.  Tensors
        whose names the file does not hold are left out."""
        return rules_of(self.weights.tensors)


def import_onnx(path: str | os.PathLike[str], *, name: str | None = None) -> ImportedModel:
    """What `specc import` writes: the spec, which is proven to mean the file's graph, and the weights, not yet loaded.

    `name` is what to call the model (as in the file unless given).  Raises `SpecError`.
    """
    arguments.text("name", name)
    imported, diagnostics = read_model(arguments.file("path", path))
    if imported is None:
        raise SpecError(diagnostics)
    spec, diagnostics = spec_of(imported.graph, "model.cnn", name, counted=True)
    if spec is None:
        raise SpecError(diagnostics)
    tensors = {new: imported.weights.tensors[old] for new, old in spec.names.items()}
    return ImportedModel(Model(spec.checked), Weights(own(tensors, imported.graph.layout)), spec.text)
