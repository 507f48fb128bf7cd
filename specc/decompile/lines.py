"""Statements as lines of text, and sequences that repeat themselves as loops."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, TypeAlias

from specc.decompile.arguments import call, closing, value_text
from specc.decompile.items import CLOSABLE, Item, Join, Layer
from specc.decompile.marks import mark, marked, replaced
from specc.ir.graph import Graph
from specc.types import TensorType

INDENT: Final = "    "
LONGEST_PERIOD: Final = 8
"""Lines and blocks that are looked at together as the body of a loop."""
WIDE: Final = 72
"""Lines longer than this do not push the column of shapes to the right."""
LONGEST: Final = 120
"""Lines longer than this go on in the next one, behind a comma."""
_PIECE: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",]|,(?! ))+(?:, )?')


@dataclass(frozen=True)
class Line:
    """One line; `shape` is what the value behind it has, `changed` whether that is new here and worth saying."""

    text: str
    depth: int = 0
    shape: str = ""
    changed: bool = False


@dataclass(frozen=True)
class Chunk:
    """Lines that belong together, with marks in the place of names of values."""

    lines: tuple[Line, ...]
    is_call: bool = False
    """Whether it calls a block of this spec."""
    shares: bool = False
    """Whether layers in it share their weights: a block would have these for itself."""

    @property
    def has_body(self) -> bool:
        return len(self.lines) > 1

    @cached_property
    def key(self) -> tuple[object, ...]:
        """What chunks agree in that can be repeated: those without names mean the same anywhere."""
        if any(marked(line.text) for line in self.lines):
            return (id(self),)
        return tuple((line.text, line.depth) for line in self.lines)


Chunks: TypeAlias = tuple[Chunk, ...]


@dataclass(frozen=True)
class Printer:
    """Writes items; `labels` are the names of values that have one, to be marked, `weights` those of weights by the
    nodes that share them, and `calls` the lines in the place of branches, by their value."""

    graph: Graph
    labels: Mapping[str, str]
    weights: Mapping[str, str]
    calls: Mapping[str, str] = field(default_factory=dict)

    def chunks(self, items: Sequence[Item]) -> Chunks:
        """One chunk for each line and each block of branches."""
        result: list[Chunk] = []
        open_line: list[Layer] = []
        for item in items:
            if isinstance(item, Layer) and open_line and self._joins(item, open_line):
                open_line.append(item)
                continue
            if open_line:
                result.append(self._line(open_line))
            open_line = [item] if isinstance(item, Layer) else []
            if isinstance(item, Join):
                result.append(self._join(item))
        if open_line:
            result.append(self._line(open_line))
        return tuple(result)

    def _joins(self, item: Layer, line: Sequence[Layer]) -> bool:
        """Whether a statement stands on the line of those before: what follows a convolution, or a closing pair."""
        if len(item.node.inputs) != 1 or item.node.inputs[0] != item.before or item.before != line[-1].value:
            return False
        if any(layer.value in self.labels for layer in line) or len(line[-1].node.outputs) > 1:
            return False
        if self._type(item.value).shape == self._type(line[-1].value).shape:
            return not isinstance(item.node.op, CLOSABLE) and (len(line) > 1 or item.act is None)
        return item.node.op.word in ("flatten", "squeeze") and line[-1].node.op.word.startswith("global_")

    def _line(self, layers: Sequence[Layer]) -> Chunk:
        texts = [self._statement(layer) for layer in layers]
        before, after = layers[0].before, layers[-1].value
        single = len(layers[-1].node.outputs) == 1
        shape, changed = self._shape(before, after) if single else ("", False)
        shares = any(layer.node.name in self.weights for layer in layers)
        return Chunk((Line("; ".join(texts), 0, shape, changed),), shares=shares)

    def _statement(self, layer: Layer) -> str:
        node = layer.node
        text = call(node.op)
        if layer.act is not None:
            text += f", {closing(layer.act.op)}" if " " in text else f" {closing(layer.act.op)}"
        sources = self._sources(layer)
        if sources:
            first, _, rest = text.partition(" ")
            before, behind = self._written(layer, sources)
            text = f"{first} {', '.join(part for part in (*before, rest, *behind) if part)}"
        if node.name in self.weights:
            text += f"{',' if ' ' in text else ''} weights={self.weights[node.name]}"
        names = node.outputs if len(node.outputs) > 1 else (layer.value,)
        label = ", ".join(self._name(name) for name in names if name in self.labels)
        return f"{label}: {text}" if label else text

    def _name(self, value: str) -> str:
        return mark(self.labels[value])

    def _written(self, layer: Layer, sources: tuple[str, ...]) -> tuple[list[str], list[str]]:
        """The operands as they stand before the arguments and behind them."""
        op = layer.node.op
        if not op.operands:
            return ([*sources], []) if op.merges() else ([], [f"from={sources[0]}"])
        before: list[str] = []
        behind = [] if layer.node.inputs[0] == layer.before else [f"from={sources[0]}"]
        for name, source in zip(op.operands, sources[len(behind) :], strict=False):
            if op.positional[len(before) : len(before) + 1] == (name,):
                before.append(source)
            else:
                behind.append(f"{name}={source}")
        return before, behind

    def _sources(self, layer: Layer) -> tuple[str, ...]:
        """The names of the operands that are not the value of the line before."""
        inputs, before = layer.node.inputs, layer.before
        if layer.node.op.numbers:
            return self._with_numbers(layer)
        if layer.node.op.operands:
            return tuple(self._name(name) for place, name in enumerate(inputs) if place or name != before)
        if len(inputs) == 1:
            return () if inputs[0] == before else (self._name(inputs[0]),)
        if len(inputs) == 2 and inputs[0] == before and inputs[1] != before:
            return (self._name(inputs[1]),)
        return tuple("in" if name == before else self._name(name) for name in inputs)

    def _with_numbers(self, layer: Layer) -> tuple[str, ...]:
        """All operands of a merge with numbers among them; a single number works on the line before."""
        values = iter(layer.node.inputs)
        texts = []
        for constant in layer.node.op.constant_operands():
            name = next(values) if constant is None else ""
            texts.append(value_text("", constant) if not name else "in" if name == layer.before else self._name(name))
        return tuple(texts[1:] if len(texts) == 2 and texts[0] == "in" else texts)

    def _join(self, join: Join) -> Chunk:
        label = f"{self._name(join.value)}: " if join.value in self.labels else ""
        shape = self._shape(join.before, join.value)
        if join.value in self.calls:
            return Chunk((Line(f"{label}{self.calls[join.value]}", 0, *shape),), is_call=True)
        bodies = [folded(self.chunks(branch)) for branch in join.branches]
        shares = any(chunk.shares for body in bodies for chunk in body)
        act = f" {closing(join.act.op)}" if join.act is not None else ""
        lines: list[Line] = []
        if join.is_residual:
            lines += [Line(f"{label}residual{act} {{"), *_indented(bodies[0])]
            if bodies[1]:
                lines += [Line("} shortcut {"), *_indented(bodies[1])]
        else:
            lines.append(Line(f"{label}{call(join.node.op)} {{"))
            for body in bodies:
                lines.extend(_branch(body))
        lines.append(Line("}", 0, *shape))
        return Chunk(tuple(lines), shares=shares)

    def _shape(self, before: str | None, after: str) -> tuple[str, bool]:
        """The shape of `after`, and whether `before` has another."""
        kind = self._type(after)
        return shape_text(kind, self.graph), before is None or self._type(before).shape != kind.shape

    def _type(self, value: str) -> TensorType:
        return self.graph.values[value]


def shape_text(kind: TensorType, graph: Graph) -> str:
    """The shape as an assertion; "" where it has sizes that are no plain numbers or names."""
    sizes = kind.spoken(graph.layout)[1:]
    texts = [str(size) for size in sizes]
    if not sizes or not isinstance(sizes[0], int) or not all(text.isalnum() for text in texts):
        return ""
    return "x".join(texts) if not any("x" in text for text in texts) else f"[{', '.join(texts)}]"


def _branch(body: Chunks) -> list[Line]:
    lines = [line for chunk in body for line in chunk.lines]
    if not lines:
        return [Line("branch { }", 1)]
    if len(lines) == 1 and len(lines[0].text) < 80:
        return [Line(f"branch {{ {lines[0].text} }}", 1)]
    return [Line("branch {", 1), *(replace(line, depth=line.depth + 2) for line in lines), Line("}", 1)]


def _indented(body: Chunks) -> list[Line]:
    return [replace(line, depth=line.depth + 1) for chunk in body for line in chunk.lines]


def folded(chunks: Chunks) -> Chunks:
    """Runs of the same chunks as `repeat`; shapes stay where they are the same in all repetitions."""
    result: list[Chunk] = []
    index = 0
    while index < len(chunks):
        period, count = _run(chunks, index)
        if count > 1:
            result.append(_loop(chunks[index : index + period * count], period, count))
        else:
            result.append(chunks[index])
        index += period * count
    return tuple(result)


def _run(chunks: Chunks, start: int) -> tuple[int, int]:
    """The period and the number of repetitions that begin at `start` and save most; (1, 1) for none."""
    best, saved = (1, 1), 0
    for period in range(1, LONGEST_PERIOD + 1):
        keys = [chunk.key for chunk in chunks[start : start + period]]
        count = 1
        while [chunk.key for chunk in chunks[start + period * count : start + period * (count + 1)]] == keys:
            count += 1
        size = sum(len(chunk.lines) for chunk in chunks[start : start + period])
        saving = size * (count - 1) - (0 if size == 1 else 2)
        if len(keys) == period and count > 1 and saving > saved:
            best, saved = (period, count), saving
    return best


def _loop(chunks: Chunks, period: int, count: int) -> Chunk:
    rounds = [[line for chunk in chunks[i : i + period] for line in chunk.lines] for i in range(0, len(chunks), period)]
    lines = [merged(same) for same in zip(*rounds, strict=True)]
    shares = any(chunk.shares for chunk in chunks)
    if len(lines) == 1 and len(lines[0].text) < 80:
        line = replace(lines[0], text=f"repeat {count} {{ {_with_shape(lines[0])} }}", changed=False)
        return Chunk((line,), shares=shares)
    body = (replace(line, depth=line.depth + 1) for line in lines)
    return Chunk((Line(f"repeat {count} {{"), *body, Line("}")), shares=shares)


def _with_shape(line: Line) -> str:
    return f"{line.text} -> {line.shape}" if line.changed and line.shape else line.text


def merged(lines: Sequence[Line]) -> Line:
    """The same line in several places, its shape where it is the same in all of them."""
    shapes = {line.shape for line in lines}
    changed = len(shapes) == 1 and any(line.changed for line in lines)
    return replace(lines[0], shape=lines[0].shape if len(shapes) == 1 else "", changed=changed)


def page(chunks: Chunks, depth: int, names: Mapping[str, str]) -> list[str]:
    """The lines as text, with `names` for their marks, shapes of neighbouring lines below each other."""
    lines = [replace(line, depth=line.depth + depth) for chunk in chunks for line in chunk.lines]
    texts = [INDENT * line.depth + replaced(line.text, names) for line in lines]
    shown = [line.changed and bool(line.shape) for line in lines]
    column = max((len(text) for text, show in zip(texts, shown, strict=True) if show and len(text) <= WIDE), default=0)
    whole = [
        f"{text:<{column}}    -> {line.shape}" if show else text
        for text, line, show in zip(texts, lines, shown, strict=True)
    ]
    return [part for text, line in zip(whole, lines, strict=True) for part in broken(text, line.depth + 1)]


def broken(text: str, depth: int) -> Iterator[str]:
    """A line as lines of at most `LONGEST` characters where it can be broken, all but the first `depth` deep."""
    if len(text) <= LONGEST:
        yield text
        return
    line = ""
    for piece in _PIECE.findall(text):
        if line.strip() and len(line) + len(piece.rstrip()) > LONGEST:
            yield line.rstrip()
            line = INDENT * depth
        line += piece
    yield line
