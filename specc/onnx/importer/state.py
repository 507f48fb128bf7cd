"""Which constants of a file are the network's own: its parameters, and the buffers that it keeps with them.

PyTorch's newer exporter lists them in the graph's metadata, and says from which it has computed others
(`torch.onnx.export(dynamo=True)`, `torch.export.ExportGraphSignature`).  Its older one calls initialisers as the
network does, or by numbers and operators of its own; buffers that are not kept it writes as Constant nodes.
specc lists in the model's metadata those that the spec declares.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

import onnx

from specc.onnx.importer.values import Known
from specc.weights.tensors import Tensor

Kind: TypeAlias = Literal["parameter", "buffer", "constant"]
SIGNATURE: Final = "pkg.torch.export.ExportedProgram.graph_signature"
BUFFERS: Final = "specc.buffers"
FOLDED: Final = "pkg.onnxscript.optimizer.folded_from"
_LISTED: Final = re.compile(r": (PARAMETER|BUFFER|CONSTANT_TENSOR) target='([^']*)'(?: persistent=(True|False))?")
_MADE: Final = re.compile(r"onnx::|_?val_\d|/|\d+$|_?Constant")
"""How exporters call what has no name in the network."""


@dataclass(frozen=True)
class State:
    """What is known of a file's initialisers by their names."""

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """What the file says of the network's tensors: constants are those that no checkpoint holds."""
    made_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For initialisers that the exporter has computed, what it says that it computed them from."""
    buffers: frozenset[str] = frozenset()
    """In specc's own files, the buffers that the spec declares as such."""
    named: bool = False
    """Whether a name that no exporter makes is the network's: in files of PyTorch's."""

    def is_made(self, name: str) -> bool:
        """Whether an initialiser is called by the exporter, not by the network."""
        return name in self.made_of or bool(_MADE.match(name))

    def is_listed(self, name: str) -> bool:
        """Whether the file says that checkpoints of the network hold a tensor."""
        return self.kinds.get(name, "constant") != "constant"

    def names(self, tensor: Tensor) -> tuple[str, ...]:
        """What the network calls the tensors that `tensor` is, or is computed from, as far as that is known."""
        found: list[str] = []
        for name in tensor.computed_from or (tensor.source,):
            found += self.made_of.get(name, (name,))
        if self.kinds:
            return tuple(name for name in dict.fromkeys(found) if name in self.kinds)
        return tuple(name for name in dict.fromkeys(found) if self.named and name and not _MADE.match(name))

    def is_kept(self, tensor: Tensor) -> bool:
        """Whether a checkpoint of the network has a say in these values."""
        return not tensor.is_literal and any(not self.kinds or self.is_listed(n) for n in self.names(tensor))

    def is_buffer(self, tensor: Tensor) -> bool:
        """Whether these values are known to be none that are trained."""
        names = self.names(tensor)
        known = bool(self.kinds) and bool(names) and all(self.kinds[name] != "parameter" for name in names)
        return known or tensor.is_literal or tensor.source in self.buffers

    def marked(self, constants: Mapping[str, Known]) -> dict[str, Known]:
        """The file's initialisers; those that no checkpoint holds, nor what they are computed from, are literals."""
        return {name: _literal(known) if self._is_literal(known) else known for name, known in constants.items()}

    def _is_literal(self, known: Known) -> bool:
        listed = known.name in self.kinds or known.name in self.made_of
        return bool(self.kinds) and listed and not self.is_kept(known.tensor)


def _literal(known: Known) -> Known:
    return replace(known, tensor=replace(known.tensor, is_literal=True))


def state_of(model: onnx.ModelProto) -> State:
    """What a model says of its initialisers."""
    metadata = {entry.key: entry.value for entry in model.graph.metadata_props}
    return State(
        _kinds(metadata.get(SIGNATURE, "")), _made_of(model.graph), _declared(model), model.producer_name == "pytorch"
    )


def _declared(model: onnx.ModelProto) -> frozenset[str]:
    """The buffers that a file of specc's own lists."""
    texts = [entry.value for entry in model.metadata_props if entry.key == BUFFERS]
    return frozenset(str(name) for text in texts for name in listed(text))


def _kinds(signature: str) -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for kind, name, kept in _LISTED.findall(signature):
        found[name] = "parameter" if kind == "PARAMETER" else "buffer" if kept == "True" else "constant"
    return found


def _made_of(graph: onnx.GraphProto) -> dict[str, tuple[str, ...]]:
    found = {}
    for item in graph.value_info:
        for entry in item.metadata_props:
            if entry.key == FOLDED:
                found[item.name] = tuple(str(name) for name in listed(entry.value))
    return found


def listed(text: str) -> list[object]:
    """A list that Python has printed; an empty one where it is none."""
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return []
    return found if isinstance(found, list) else []
