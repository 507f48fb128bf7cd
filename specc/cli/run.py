"""Run a model on images or arrays with ONNX Runtime.

Images get the preprocessing that the spec declares (range, mean, std). Results go to standard output, or with -o to an
.npz, .json or .csv file; for a classifier --top-k prints the best classes.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from specc.cli.console import BAD_REQUEST, OK, Console, exit_code
from specc.cli.model_arguments import add_device_argument, add_weights_arguments, load_weights
from specc.cli.spec_arguments import add_spec_arguments, one_model
from specc.diagnostics import Diagnostic
from specc.diagnostics.suggest import nearest
from specc.ir import Graph

if TYPE_CHECKING:
    from specc.inference import Inference
    from specc.runtime.images import Array
    from specc.runtime.outputs import Format

FORMATS: dict[str, Format] = {"json": "json", "csv": "csv", "npz": "npz"}

EXAMPLES = """\
examples:
  specc run lenet5.cnn --input digit.png --top-k 3
  specc run resnet.cnn --model ResNet34 --weights trained.safetensors --input photos/ --resize -o scores.csv
  specc run unet.cnn --input 'scans/*.npy' --batch 8 --device cuda -o masks.npz
  specc run lenet5.cnn --input digit.png --save-activations conv1 --save-activations conv2 -o maps.npz
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec_arguments(parser)
    parser.add_argument(
        "--input",
        "-i",
        metavar="FILE",
        nargs="+",
        required=True,
        action="extend",
        help="PNG, JPEG, .npy, .npz (an array for each input by name), folders of these, or patterns",
    )
    add_weights_arguments(parser)
    add_device_argument(parser, "auto")
    parser.add_argument("--batch", metavar="N", type=int, default=1, help="items in a batch (default: %(default)s)")
    parser.add_argument("--resize", action="store_true", help="scale images to the size that the model takes")
    parser.add_argument("-o", "--output", metavar="OUT", help="write to this file: .npz, .json or .csv")
    parser.add_argument("--format", choices=tuple(FORMATS), help="format (default: OUT's suffix, or json)")
    parser.add_argument("--top-k", metavar="K", type=int, help="print the K best classes of each input instead")
    parser.add_argument(
        "--save-activations",
        metavar="LAYER",
        action="append",
        default=[],
        help="save this layer's value as well; may be repeated",
    )


def run(options: argparse.Namespace, console: Console) -> int:
    checked, code = one_model(options, console, "run")
    if checked is None:
        return code
    graph = checked.graph
    problems = _unsuitable(options, graph)
    if problems:
        console.report(problems)
        return BAD_REQUEST
    weights, diagnostics = load_weights(graph, options)
    if weights is None:
        console.report(diagnostics)
        return exit_code(diagnostics)
    from specc.inference import open_inference

    opened, diagnostics = open_inference(
        graph, weights, device=options.device, activations=tuple(dict.fromkeys(options.save_activations))
    )
    if opened is None:
        console.report(diagnostics)
        return BAD_REQUEST
    sources, results, diagnostics = _infer(opened, options, console)
    if not diagnostics:
        diagnostics = _deliver(graph, sources, results, options, console)
    console.report(diagnostics)
    return BAD_REQUEST if diagnostics else OK


def _unsuitable(options: argparse.Namespace, graph: Graph) -> list[Diagnostic]:
    """What can be refused before anything is loaded."""
    found = []
    layers = {node.layer: node for node in graph.nodes}
    for name in options.save_activations:
        if name not in layers:
            guess = nearest(name, layers)
            found.append(
                Diagnostic(
                    "E0901", f"model `{graph.name}` has no layer `{name}`",
                    help=f"did you mean `{guess}`?" if guess else "`specc check` lists the layers",
                )
            )  # fmt: skip
    if options.batch < 1:
        found.append(Diagnostic("E0901", f"a batch has at least one item, not {options.batch}"))
    if options.top_k is not None and len(graph.values[graph.outputs[0].value].shape) != 2:
        found.append(Diagnostic("E0901", "--top-k needs a classifier: an output with one score for each class"))
    return found


def _infer(
    opened: Inference, options: argparse.Namespace, console: Console
) -> tuple[list[str], dict[str, Array], tuple[Diagnostic, ...]]:
    """The results of all inputs, one item for each source."""
    from specc.runtime.files import find_files
    from specc.runtime.inputs import read_batches

    files, diagnostics = find_files(options.input)
    if diagnostics:
        return [], {}, diagnostics
    sources: list[str] = []
    parts: list[dict[str, Array]] = []
    batches = read_batches(opened.graph, files, size=options.batch, resize=options.resize)
    with console.progress(len(files), "files") as advance:
        for batch, diagnostics in batches:
            if batch is None:
                return [], {}, diagnostics
            results, diagnostics = opened.run(batch.arrays)
            if diagnostics:
                return [], {}, diagnostics
            sources.extend(batch.sources)
            parts.append(results)
            advance(len(batch.sources))
    return sources, *_joined(parts)


def _joined(parts: list[dict[str, Array]]) -> tuple[dict[str, Array], tuple[Diagnostic, ...]]:
    import numpy as np

    joined = {}
    for name in parts[0] if parts else ():
        shapes = {part[name].shape[1:] for part in parts}
        if len(shapes) > 1:
            shown = " and ".join("x".join(map(str, shape)) for shape in sorted(shapes)[:2])
            help = "run inputs of one size together, or scale them with --resize"
            return {}, (Diagnostic("E0901", f"the results differ in size: `{name}` is {shown}", help=help),)
        joined[name] = np.concatenate([part[name] for part in parts])
    return joined, ()


def _deliver(
    graph: Graph, sources: list[str], results: dict[str, Array], options: argparse.Namespace, console: Console
) -> tuple[Diagnostic, ...]:
    """Write the results to the file, and print what was asked for."""
    from specc.runtime.outputs import as_csv, as_json, write_outputs

    if options.top_k is not None:
        _print_best(graph, sources, results, options, console)
    if options.output is not None:
        kind = options.format or Path(options.output).suffix.lstrip(".").lower()
        if kind not in FORMATS:
            return (Diagnostic("E0904", f"{options.output}: an output is .npz, .json or .csv", help="or say --format"),)
        problems = write_outputs(Path(options.output), FORMATS[kind], sources, results)
        if not problems:
            console.note(f"wrote {options.output}: {', '.join(results)} of {len(sources)} inputs")
        return problems
    if options.top_k is None:
        if options.format == "npz":
            return (Diagnostic("E0904", "an .npz archive needs a file: -o OUT.npz"),)
        encode = as_csv if options.format == "csv" else as_json
        console.data(encode(sources, results).decode())
    return ()


def _print_best(
    graph: Graph, sources: list[str], results: dict[str, Array], options: argparse.Namespace, console: Console
) -> None:
    from specc.runtime.outputs import top_k

    output = graph.outputs[0]
    for source, answers in zip(sources, top_k(results[output.name], options.top_k, output.labels), strict=True):
        best = "  ".join(f"{answer.label} {answer.score:.4g}" for answer in answers)
        console.data(f"{source}: {best}\n")
