"""A model as a readable PyTorch source file whose tensors have the same names as in the spec."""

from __future__ import annotations

import ast
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from keyword import iskeyword

from specc.arguments import Compiled, file, graph_of
from specc.diagnostics import Diagnostic
from specc.files import atomic
from specc.ir.graph import Graph, Node, weight_name
from specc.ops.base import Weight
from specc.outputs import SOURCE, refusals, spec_files, unwritable
from specc.torch.layer import Layer, reach
from specc.torch.table import lower

_NEEDS = {
    "window_means": {"window_sums"},
    "window_sums": {"filtered"},
    "Bias": {"Holding"},
    "FixedFilter": {"filtered"},
    "Learned": {"Holding"},
    "Scale": {"Holding"},
    "resized": {"positions", "interpolation"},
}
"""What the helpers of `specc.torch.runtime` call among themselves."""


def to_source(model: Graph | Compiled) -> str:
    """The text of a Python file with one `nn.Module` class, called as the model; it needs torch and nothing else.

    Tensors are taken and given in the order of axes that the spec declares, batch first.  Parameters and buffers are
    called as in the spec, so that `load_state_dict` takes what `specc weights -o` writes.  Several outputs come as a
    dict by name.
    """
    graph = graph_of("source", model)
    writer = _Writer(graph)
    for node in graph.nodes:
        writer.add(node)
    return writer.text()


def write_source(model: Graph | Compiled, path: str | os.PathLike[str]) -> tuple[Diagnostic, ...]:
    """Write `to_source(model)` to `path`, whole or not at all; E0904 where that fails, or `path` is the spec or no name
    for Python source."""
    graph, target = graph_of("source", model), file("path", path)
    refused = refusals(target, SOURCE, spec_files(graph))
    if refused:
        return refused
    try:
        with atomic(target) as stream:
            stream.write(to_source(graph).encode())
    except OSError as error:
        return (unwritable(target, error),)
    return ()


def class_name(graph: Graph) -> str:
    """The name of the class: the model's, where Python allows it."""
    return _identifier(graph.name, _reserved())


@dataclass
class _Writer:
    """The parts of the file, gathered layer by layer."""

    graph: Graph
    modules: dict[str, str] = field(default_factory=dict)
    borrowed: dict[str, str] = field(default_factory=dict)
    helpers: set[str] = field(default_factory=lambda: {"Layers"})
    lines: list[str] = field(default_factory=list)
    fixed: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=lambda: {"self", "x"} | _reserved())

    def __post_init__(self) -> None:
        self.passing = _passed_on(self.graph)
        self.scopes = {node.scope for node in self.graph.nodes if node.scope is not None}
        for item in self.graph.inputs:
            name = self._variable(item.name)
            if self.graph.layout == "hwc" and item.type.rank > 1:
                self.lines.append(f"{name} = {name}.movedim(-1, 1)")

    def add(self, node: Node) -> None:
        inputs = tuple(self.variables[name] for name in node.inputs)
        types = self.graph.input_types(node)
        name = self._module_name(node)
        layer = Layer(node.op, name, inputs, types, node.types, self.graph.layout, node.name, self.modules)
        expression = lower(layer)
        self.modules.update(layer.modules)
        self.borrowed.update(layer.borrowed)
        self.helpers |= layer.helpers
        names = ", ".join(self._variable(name) for name in node.outputs)
        shapes = ", ".join(kind.text(self.graph.layout) for kind in node.types)
        self.lines.append(f"{names} = {expression}  # {shapes}")
        fixed = [weight for weight in self.graph.weights(node) if weight.fixed is not None]
        self.fixed.extend(_fixing(node, weight) for weight in fixed if node.name not in self.graph.borrowers)

    def _module_name(self, node: Node) -> str:
        """Where the layer's module is held: the name of its weights, for one without weights no such name."""
        name = node.scope or node.name
        while name in self.scopes and not self.graph.weights(node):
            name += "_"
        return name

    def text(self) -> str:
        if self.fixed:
            self.helpers.add("fix")
        head = [f'"""{_docstring(self.graph)}"""', "", *_imports(), "", ""]
        parts = [line for part in self._helper_texts() for line in (*part.splitlines(), "", "")]
        return "\n".join([*head, *parts, *self._class()]) + "\n"

    def _class(self) -> Iterator[str]:
        inputs = ", ".join(f"{self.variables[item.name]}: torch.Tensor" for item in self.graph.inputs)
        result = "torch.Tensor" if len(self.graph.outputs) == 1 else "dict[str, torch.Tensor]"
        yield f"class {class_name(self.graph)}(Layers):"
        if self.graph.layout == "hwc":
            yield '    _version = "hwc"  # noted in state dicts: images are flattened height, width, channel'
            yield ""
        yield "    def __init__(self) -> None:"
        yield "        super().__init__()"
        yield from (f"        {line}" for line in (*_constructions(self.modules), *self.fixed, *self._borrowing()))
        yield ""
        yield f"    def forward(self, {inputs}) -> {result}:"
        yield from (f"        {line}" for line in self.lines)
        yield f"        return {self._result()}"

    def _borrowing(self) -> Iterator[str]:
        if self.borrowed:
            yield "self._borrowed = {"
            yield from (f"    {name!r}: {constructor}," for name, constructor in self.borrowed.items())
            yield "}"

    def _result(self) -> str:
        texts = {output.name: self._spoken(output.value) for output in self.graph.outputs}
        if len(texts) == 1:
            return next(iter(texts.values()))
        return "{" + ", ".join(f"{name!r}: {text}" for name, text in texts.items()) + "}"

    def _spoken(self, value: str) -> str:
        moved = self.graph.layout == "hwc" and self.graph.values[value].rank > 1
        return self.variables[value] + (".movedim(1, -1)" if moved else "")

    def _variable(self, value: str) -> str:
        """`x` for a value that only the next layer reads, a name of its own for any other."""
        name = "x" if value in self.passing else _identifier(value, self.used)
        self.variables[value] = name
        self.used.add(name)
        return name

    def _helper_texts(self) -> list[str]:
        wanted = set(self.helpers)
        for _ in _NEEDS:
            wanted |= {need for helper in wanted for need in _NEEDS.get(helper, ())}
        return [text for name, text in _runtime().items() if name in wanted]


def _passed_on(graph: Graph) -> set[str]:
    """The values that the layer right behind their own reads, once, and nothing else."""
    readers = Counter(name for node in graph.nodes for name in node.inputs)
    readers.update(output.value for output in graph.outputs)
    passed = set()
    for node, behind in zip(graph.nodes, graph.nodes[1:], strict=False):
        if len(node.outputs) == 1 and readers[node.name] == 1 and behind.inputs.count(node.name) == 1:
            passed.add(node.name)
    return passed


def _constructions(modules: dict[str, str]) -> Iterator[str]:
    """Assignments that make every module, and before it the modules around it."""
    made: set[str] = set()
    for name in modules:
        parts = name.split(".")
        for scope in (".".join(parts[:depth]) for depth in range(1, len(parts) + 1)):
            if scope not in made:
                made.add(scope)
                yield f"{reach(scope)} = {modules.get(scope, 'Layers()')}"


def _fixing(node: Node, weight: Weight) -> str:
    """The statement that gives a tensor the values in the spec, the shortest stretch that repeats."""
    values = list(weight.fixed or ())
    lengths = (n for n in range(1, len(values) + 1) if len(values) % n == 0)
    length = next(n for n in lengths if values == values[:n] * (len(values) // n))
    return f"fix({reach(weight_name(node, weight))}, {values[:length]})"


def _identifier(name: str, used: set[str]) -> str:
    """`name` as a Python identifier that is not among `used`."""
    text = re.sub(r"\W", "_", name)
    text = text if text.isidentifier() and not iskeyword(text) else f"_{text}"
    number = 2
    unique = text
    while unique in used:
        unique, number = f"{text}_{number}", number + 1
    return unique


def _reserved() -> set[str]:
    """Names that mean something in the file already."""
    return {"torch", "nn", "F", "Sequence", "annotations", "float", "dict", "super", "len", *_runtime()}


def _docstring(graph: Graph) -> str:
    about = f"{graph.doc}\n\n" if graph.doc else ""
    text = (
        f"{graph.name}, a PyTorch model.\n\n{about}"
        "Written by specc; the names of its tensors are those of the spec:\n\n"
        f"    model = {class_name(graph)}()\n"
        '    model.load_state_dict(safetensors.torch.load_file("weights.safetensors"), strict=False)\n'
    )
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _imports() -> list[str]:
    return [
        "from __future__ import annotations", "", "from collections.abc import Sequence", "from typing import Any", "",
        "import torch", "from torch import nn", "from torch.nn import functional as F",
    ]  # fmt: skip


@cache
def _runtime() -> dict[str, str]:
    """The source of each class and function of `specc.torch.runtime`, which is read as text: torch may be missing."""
    text = (files("specc.torch") / "runtime.py").read_text(encoding="utf-8")
    found = (node for node in ast.parse(text).body if isinstance(node, ast.ClassDef | ast.FunctionDef))
    return {node.name: ast.get_source_segment(text, node) or "" for node in found}
