"""Read an ONNX file back as a readable spec, and its weights as a file that fits it.

The spec is proven to mean the file's graph before anything is written.  The file is not trusted: nothing in it is
followed outside its folder, control flow and custom operators are refused, and the batch it fixes is left open.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from specc.cli.console import OK, STANDARD, Console, named, output_file, waiting
from specc.report import words

if TYPE_CHECKING:
    from specc.decompile import Spec
    from specc.diagnostics import Diagnostic
    from specc.ir.graph import Graph
    from specc.onnx.importer import Imported
    from specc.weights.tensors import Tensor

EXAMPLES = """\
examples:
  specc import model.onnx                       # prints the spec
  specc import model.onnx -o model.cnn --weights model.safetensors
  specc check model.cnn
  specc verify model.cnn --weights model.safetensors

and for later weights of the same network:
  specc import model.onnx -o model.cnn --map model.rules
  specc weights model.cnn --from new.pt --map model.rules -o model.safetensors
"""

MOST_NAMED = 5
"""Weights that a note names."""


UNFOLDED = """\
  Exporters rename what they compute, as where they fold batch normalisations into convolutions.  PyTorch leaves both
  as they are with `optimize=False`, or with `dynamo=False, training=TrainingMode.PRESERVE, do_constant_folding=False`.
  Nor is there a name for what the spec holds otherwise than the file, as the matrix of `x @ w`, which it turns over.\
"""
"""What helps where weights have no names."""

GENERIC = ("main_graph", "main", "graph", "torch_jit", "torch-jit-export", "")
"""What exporters call every graph."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="ONNX", help="the ONNX file, opset 7 to 26")
    parser.add_argument("-o", "--output", metavar="OUT", type=output_file, help="the spec to write (default: print it)")
    parser.add_argument(
        "--weights", metavar="OUT", type=output_file, help="write the weights to a .safetensors or .npz file"
    )
    parser.add_argument(
        "--map",
        metavar="OUT",
        type=_rules_file,
        help="write rules for `--map` of other commands, by which the network's own names for weights fit the spec",
    )
    parser.add_argument("--name", metavar="NAME", help="what to call the model (default: the one in the file)")


def _rules_file(text: str) -> str:
    """`text` as the name of a file to write; standard output is the spec's."""
    if text == STANDARD:
        raise argparse.ArgumentTypeError("standard output is for the spec: name a file, such as model.rules")
    return output_file(text)


def run(options: argparse.Namespace, console: Console) -> int:
    options.output = named(options.output)
    if refused := _refused(options):
        return console.refuse(refused)
    from specc.decompile import spec_of
    from specc.onnx.importer import read_model

    with waiting(f"reading {options.file}"):
        imported, diagnostics = read_model(Path(options.file))
    if imported is None:
        return console.refuse(diagnostics)
    target = options.output or "model.cnn"
    name = options.name or (Path(options.file).stem if imported.graph.name in GENERIC else None)
    with waiting("writing its spec"):
        spec, diagnostics = spec_of(imported.graph, target, name, counted=True)
    if spec is None:
        return console.refuse(diagnostics)
    tensors = {new: imported.weights.tensors[old] for new, old in spec.names.items()}
    infinite: list[str] = []
    if options.weights is not None:
        infinite, problems = _write_weights(tensors, imported.graph.layout, options)
        if problems:
            return console.refuse(problems)
    if options.output is None:
        console.data(spec.text)
    elif code := _write(spec.text, Path(options.output), spec.checked.graph.name, console):
        return code
    if options.map is not None and (code := _write_rules(tensors, Path(options.map), console)):
        return code
    title = spec.checked.graph.name
    if options.name not in (None, title):
        console.note(f"note: the model is called `{title}`: `{options.name}` cannot be the name of one in a spec")
    for note in (*_notes(imported, spec, tensors), *_infinite(infinite)):
        console.note(f"note: {note}")
    return OK


def _write_weights(
    tensors: Mapping[str, Tensor], layout: str, options: argparse.Namespace
) -> tuple[list[str], tuple[Diagnostic, ...]]:
    """Write the weights of a spec of this layout; the names of those that hold values that are not finite, and what is
    wrong."""
    from specc.diagnostics import Diagnostic
    from specc.weights import Weights, write
    from specc.weights.match import not_finite
    from specc.weights.tensors import Unreadable, own

    weights = Weights(own(tensors, layout))
    try:
        infinite = not_finite(weights)
    except (Unreadable, OSError) as error:
        message = f"{options.file}: its weights cannot be read: {error}"
        return [], (Diagnostic("E0907", message, file=options.file),)
    return infinite, write(weights, Path(options.weights))


def _infinite(names: Sequence[str]) -> Iterator[str]:
    """That the weights written are refused by the commands that read them."""
    if names:
        more = ", ..." if len(names) > MOST_NAMED else ""
        listed = ", ".join(names[:MOST_NAMED]) + more
        yield f"values of the weights are not finite, and other commands refuse the file (E0803): {listed}"


def _refused(options: argparse.Namespace) -> tuple[Diagnostic, ...]:
    """Why the first of the files to write may not be written, if one may not."""
    from specc.outputs import RULES, SPEC, WEIGHTS, refusals

    outputs = ((options.output, SPEC), (options.weights, WEIGHTS), (options.map, RULES))
    files = [(Path(file), suffixes) for file, suffixes in outputs if file is not None]
    for index, (file, suffixes) in enumerate(files):
        refused = refusals(file, suffixes, [Path(options.file)], [other for other, _ in files[index + 1 :]])
        if refused:
            return refused
    return ()


def _notes(imported: Imported, spec: Spec, tensors: Mapping[str, Tensor]) -> Iterator[str]:
    """Where the spec is not what the file says word for word."""
    graph = spec.checked.graph
    yield from _renamed(imported.graph, graph)
    yield from _converted(imported.elements)
    for name, kind in imported.whole.items():
        yield f"the file's output `{name}` is {kind}; in the spec it is float32, with the same numbers"
    yield from _computed(tensors)
    ours = {old: new for new, old in spec.names.items()}
    yield from _repeated({ours[part]: ours[whole] for part, whole in imported.repeated.items()})
    promoted = {new for new, old in spec.names.items() if old in imported.promoted}
    for kind, more in (("parameter", ", counted as trainable"), ("buffer", ", kept with the weights")):
        yield from _promoted([name for name in _of_kind(graph, kind) if name in promoted], kind, more)


def _renamed(theirs: Graph, ours: Graph) -> Iterator[str]:
    """Which inputs and outputs a spec has to call otherwise: their names are words of the language, or no names."""
    pairs = [("input", a.name, b.name) for a, b in zip(theirs.inputs, ours.inputs, strict=True)]
    pairs += [("output", a.name, b.name) for a, b in zip(theirs.outputs, ours.outputs, strict=True)]
    for what, old, new in pairs:
        if old != new:
            yield f"the file's {what} `{old}` is called `{new}` in the spec"


def _converted(elements: Mapping[str, str]) -> Iterator[str]:
    """Which inputs the file takes in another type than a spec."""
    for name, kind in elements.items():
        also = ", as are its weights" if kind == "float64" else ""
        yield f"the file's input `{name}` is {kind}; in the spec it is float32{also}"


def _computed(tensors: Mapping[str, Tensor]) -> Iterator[str]:
    """Which weights are no longer the network's own tensors, but what the file or its exporter computes from them."""
    found = {name: tensor.computed_from for name, tensor in tensors.items() if tensor.computed_from}
    if found:
        more = ", ..." if len(found) > MOST_NAMED else ""
        parts = (f"{name} from {', '.join(of)}" for name, of in list(found.items())[:MOST_NAMED])
        weights = words.counted(len(found), "weight")
        are = "is" if len(found) == 1 else "are"
        yield f"{weights} of the spec {are} computed from the network's own, which do not fit: {'; '.join(parts)}{more}"


def _repeated(found: Mapping[str, str]) -> Iterator[str]:
    """Which tensors stand in the file twice, and count twice in the spec."""
    for part, whole in list(found.items())[:MOST_NAMED]:
        yield (
            f"`{part}` has values of `{whole}`: if both are one tensor of the network, the spec counts it twice, and "
            "can take the part from the whole by `gather` or `slice`"
        )


def _of_kind(graph: Graph, kind: str) -> Iterator[str]:
    """The names of the graph's parameters, or of its buffers."""
    for node in graph.nodes:
        yield from (f"{node.name}.{weight.name}" for weight in graph.weights(node) if weight.kind == kind)


def _promoted(names: list[str], kind: str, how: str) -> Iterator[str]:
    """Which constants of the file are parameters or buffers now, because a spec cannot write them."""
    if names:
        more = ", ..." if len(names) > MOST_NAMED else ""
        became = f"constant of the file is a {kind}" if len(names) == 1 else f"constants of the file are {kind}s"
        yield f"{len(names)} {became} in the spec{how}: {', '.join(names[:MOST_NAMED])}{more}"


def _write_rules(tensors: Mapping[str, Tensor], path: Path, console: Console) -> int:
    """Write the mapping file, and say which weights have no name in it."""
    from specc.weights.mapping import rules_of

    names = {tensor.source for tensor in tensors.values() if tensor.source}
    nameless = [name for name, tensor in tensors.items() if not tensor.source]
    if code := _write(rules_of(tensors), path, f"{words.counted(len(names), 'name')}", console):
        return code
    if nameless:
        listed = ", ".join(nameless[:MOST_NAMED]) + (", ..." if len(nameless) > MOST_NAMED else "")
        has = "weight has" if len(nameless) == 1 else "weights have"
        console.note(f"note: {len(nameless)} {has} no name of the network's in the file: {listed}\n{UNFOLDED}")
    return OK


def _write(text: str, path: Path, what: str, console: Console) -> int:
    from specc.files import atomic
    from specc.outputs import unwritable

    try:
        with atomic(path) as file:
            file.write(text.encode())
    except OSError as error:
        return console.refuse([unwritable(path, error)])
    console.note(f"wrote {path}: {what}, {words.counted(len(text.splitlines()), 'line')}")
    return OK
