"""A graph as the text of a spec, the way an author would write it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

from specc.analysis.cost import costs, total
from specc.decompile.arguments import number
from specc.decompile.blocks import Block, extract
from specc.decompile.items import Writer, in_order
from specc.decompile.lines import Chunks, Printer, broken, folded, page, shape_text
from specc.decompile.marks import blank, final_names, replaced
from specc.decompile.names import RESERVED, identifier, label_base, layer_name, preserved, spoken_words
from specc.decompile.nested import nested_blocks
from specc.decompile.roles import part, role
from specc.dims import Dim, names
from specc.ir.graph import Graph, GraphInput, GraphOutput, Node
from specc.ops import BY_WORD


@dataclass(frozen=True)
class Decompiled:
    """The text, and the graph's nodes in the order in which elaborating the text makes them."""

    text: str
    name: str
    nodes: tuple[Node, ...]


def decompile(graph: Graph, name: str | None = None) -> str:
    """A spec whose only model, called `name` or like the graph, is `graph` but for the names of layers."""
    return written(graph, name).text


def written(graph: Graph, name: str | None = None, counted: bool = False) -> Decompiled:
    """`decompile`, with what is needed to follow the nodes into the text; `counted` expects as many parameters."""
    taken: set[str] = {str(size) for item in graph.inputs for dim in item.type.shape for size in names(dim)}
    writer = Writer(graph)
    items = writer.sequence(graph.nodes, graph.inputs[-1].name)
    nodes = tuple(in_order(items))
    last = items[-1].value if items else graph.inputs[-1].name
    labels = {item.name: preserved(item.name, "image", taken) for item in graph.inputs}
    outputs = [preserved(item.name, "result", taken) for item in graph.outputs] if not _unnamed(graph, last) else []
    title = identifier(name or graph.name, "Model", taken)
    writer.labels.update(item.value for item in graph.outputs[:-1])
    writer.labels.update(item.value for item in graph.outputs[-1:] if item.value != last)
    read = {name for node in nodes for name in node.inputs} | {output.value for output in graph.outputs}
    ids = {item.name: f"{labels[item.name]}.0" for item in graph.inputs}
    ids.update(_bases(nodes, writer.labels, read))
    entry = shape_text(graph.inputs[-1].type, graph)
    printer = Printer(graph, ids, _shared_weights(graph, taken))
    calls, inner = nested_blocks(printer, items, taken)
    printer = replace(printer, calls=calls)
    kept = frozenset(ids[output.value] for output in graph.outputs if output.value in ids)
    chunks, blocks = extract(printer.chunks(items), taken, entry, kept)
    body = folded(chunks)
    texts = _texts(body)
    inside = [text for block in (*inner, *blocks) for text in _texts(block.body)]
    labels |= _besides(spoken_words(map(blank, (*texts, *inside))), labels, taken)
    final = {ids[item.name]: labels[item.name] for item in graph.inputs}
    final |= final_names([replaced(text, final) for text in texts], taken)
    labels.update((value, final[name]) for value, name in ids.items() if name in final)
    lines = [*_blocks((*inner, *blocks)), *_heading(graph, title, labels), *page(body, 1, final)]
    lines += _outputs(graph, outputs, labels, last)
    lines += _expected(graph) if counted else ()
    return Decompiled("\n".join([*lines, "}", ""]), title, nodes)


def _heading(graph: Graph, title: str, labels: dict[str, str]) -> Iterator[str]:
    """The lines of the model down to its inputs."""
    yield from (f"## {text}" for text in graph.doc.splitlines() if text.strip())
    yield f"model {title} {{"
    for item in graph.inputs:
        yield from broken(f"    {_input(graph, item, labels[item.name])}", 2)
    yield ""


def _texts(chunks: Chunks) -> list[str]:
    return [line.text for chunk in chunks for line in chunk.lines]


def _bases(nodes: Sequence[Node], wanted: Collection[str], read: Collection[str]) -> Iterator[tuple[str, str]]:
    """For each of the `wanted` values what its name is based on, and a number."""
    numbers = count(1)
    readers: dict[str, list[Node]] = {}
    for node in nodes:
        for value in node.inputs:
            readers.setdefault(value, []).append(node)
    for node in nodes:
        for value in node.outputs:
            if value in wanted:
                base = part(node, value, readers) or label_base(node, value, readers.get(value, ()))
                base = (role(value, readers) if base == "features" else None) or base
                yield value, f"{base if value in read else f'_{base}'}.{next(numbers)}"


def _shared_weights(graph: Graph, taken: set[str]) -> dict[str, str]:
    """By node the name of the weights that it shares: as they are called in the graph, where the spec can say so and no
    layer is called so without being asked."""
    found: dict[str, str] = {}
    first_parts: dict[str, str] = {}
    for scope, nodes in graph.sharing.items():
        first, dot, rest = scope.partition(".") if re.fullmatch(r"\w+(\.\w+)*", scope) else (scope, "", "")
        if first not in first_parts:
            wanted = f"shared_{first}" if re.fullmatch(r"[a-z_]+\d+", first) else layer_name(first)
            first_parts[first] = identifier(wanted, "shared", taken)
        name = first_parts[first] + dot + rest
        plain = all(part.isidentifier() and part not in RESERVED for part in name.split("."))
        found.update(dict.fromkeys(nodes, name if plain else f'"{name}"'))
    return found


def _blocks(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        parameters = f"({', '.join(block.parameters)})" if block.parameters else ""
        yield f"block {block.name}{parameters} {{"
        body = folded(block.body)
        names = final_names(_texts(body), {parameter.split(" ")[0] for parameter in block.parameters})
        yield from page(body, 1, names)
        yield "}"
        yield ""


def _input(graph: Graph, item: GraphInput, name: str) -> str:
    sizes = item.type.spoken(graph.layout)
    shape = _declared(sizes)
    arguments = [f"layout={graph.layout}"] if graph.layout == "hwc" and item is graph.inputs[0] else []
    if item.range != (0.0, 1.0):
        arguments.append(f"range=[{', '.join(map(number, item.range))}]")
    for key, values in (("mean", item.mean), ("std", item.std)):
        if values is not None:
            text = ", ".join(map(number, values))
            arguments.append(f"{key}=[{text}]" if len(values) > 1 else f"{key}={text}")
    return ", ".join([f"input {name} {shape}", *arguments])


def _declared(sizes: tuple[Dim, ...]) -> str:
    if str(sizes[0]) == "N" and all(isinstance(size, int) for size in sizes[1:]):
        return "x".join(map(str, sizes[1:]))
    return f"[{', '.join(map(str, sizes))}]"


def _unnamed(graph: Graph, last: str) -> bool:
    """Whether the output is what a spec returns without saying so."""
    names = [item.name for item in graph.outputs]
    return names == ["output"] and graph.outputs[0].value == last and graph.outputs[0].labels is None


def _besides(words: set[str], labels: dict[str, str], taken: set[str]) -> dict[str, str]:
    """Other names for the inputs that are called like `words` of the spec."""
    return {value: preserved(name, "image", taken, words) for value, name in labels.items() if name in words}


def _outputs(graph: Graph, declared: list[str], labels: dict[str, str], last: str) -> Iterator[str]:
    if not declared:
        return
    yield ""
    for item, name in zip(graph.outputs, declared, strict=True):
        yield from broken(f"    {_output(item, name, labels, last)}", 2)


def _expected(graph: Graph) -> Iterator[str]:
    """The line that holds an edited spec to as many parameters as were read."""
    count = total(costs(graph)).params
    if count:
        yield from ("", f"    expect params == {count:_}")


def _output(item: GraphOutput, name: str, labels: dict[str, str], last: str) -> str:
    arguments = [f"output {name}"]
    if item.value != last or item.value in labels:
        arguments.append(f"from={labels[item.value]}")
    elif name[-1].isdigit() and name.rstrip("0123456789").rstrip("_") in BY_WORD:  # another layer may be called so
        arguments.append("from=in")
    if item.labels is not None:
        arguments.append("labels=[" + ", ".join(_quoted(text) for text in item.labels) + "]")
    return ", ".join(arguments)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
