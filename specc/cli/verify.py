"""Prove that the exported graph computes what the spec says.

Each layer is judged on the very operands that ONNX Runtime gave it, against a float64 evaluation by the NumPy
interpreter, within the rounding-error bound of its operation; then the whole model end to end.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from specc.cli.console import BAD_REQUEST, OK, WRONG, Console
from specc.cli.model_arguments import add_device_argument, add_dtype_arguments, add_weights_arguments, load_weights
from specc.cli.spec_arguments import add_spec_arguments, one_model
from specc.diagnostics import Diagnostic, has_errors

if TYPE_CHECKING:
    from specc.ir.graph import Graph
    from specc.onnx.proto import Model

EXAMPLES = """\
examples:
  specc verify lenet5.cnn
  specc verify resnet.cnn --model ResNet34 --weights trained.safetensors
  specc verify lenet5.cnn --onnx lenet5.onnx --seed 7  # exported with it
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec_arguments(parser)
    parser.add_argument(
        "--model-file",
        "--onnx",
        dest="model_file",
        metavar="FILE.onnx",
        help="verify this file instead of a fresh export (`--model FILE.onnx` means the same)",
    )
    add_weights_arguments(parser)
    add_device_argument(parser, "cpu")
    add_dtype_arguments(parser)
    parser.add_argument("--batch", metavar="N", type=int, default=1, help="items in a batch (default: %(default)s)")
    parser.add_argument(
        "--inputs",
        metavar="KINDS",
        default="quick",
        help="what to run: `quick` (normal, wide, borders, zeros), `all`, or kinds joined by commas: also "
        "cancellation, ties, denormals, nan, infinities (default: %(default)s)",
    )
    parser.add_argument(
        "--optimised",
        action="store_true",
        help="judge the layers with ONNX Runtime's graph optimisations on as well, not the whole model alone",
    )
    parser.add_argument("--format", choices=("table", "json"), default="table", help="how to print the report")
    parser.add_argument("--brief", action="store_true", help="list only layers that fail and the one nearest its bound")


def run(options: argparse.Namespace, console: Console) -> int:
    if options.model is not None and options.model.endswith(".onnx"):
        options.model_file, options.model = options.model, None
    checked, code = one_model(options, console, "verify")
    if checked is None:
        return code
    weights, diagnostics = load_weights(checked.graph, options, console)
    if weights is None:
        return console.refuse(diagnostics)
    from specc.report import verification
    from specc.verify import verify

    kinds, diagnostics = _kinds(options.inputs)
    if diagnostics:
        return console.refuse(diagnostics)
    graph, model, diagnostics = _candidate(checked.graph, options)
    if has_errors(diagnostics):
        return console.refuse(diagnostics)
    console.report(diagnostics)
    report, diagnostics = verify(
        graph,
        weights,
        model,
        kinds=kinds,
        seed=options.seed,
        batch=options.batch,
        device=options.device,
        optimised=options.optimised,
        seeded=options.weights is None,
        progress=partial(console.progress, what="steps"),
    )
    if report is None:
        return console.refuse(diagnostics)
    if options.model_file is not None and options.dtype not in ("float32", report.precision):
        message = f"{options.model_file} computes in {report.precision}, not in {options.dtype}"
        console.report([Diagnostic("E0907", message, file=options.model_file)])
        return BAD_REQUEST
    code = console.decide(OK if report.passed else WRONG)
    if options.format == "json":
        console.json(report.to_json())
    else:
        console.data(verification.render(report, console.width, console.style, every=not options.brief))
    console.report(report.diagnostics)
    return code


def _candidate(graph: Graph, options: argparse.Namespace) -> tuple[Graph, Model | Path | None, tuple[Diagnostic, ...]]:
    """What to verify, with the graph under the names that it uses: a file, or nothing for a fresh export in float32."""
    from specc.onnx.narrow import emit_in
    from specc.onnx.precision import PRECISIONS

    if options.model_file is not None:
        from specc.decompile.align import adopted  # and the importer, which a fresh export does without

        return adopted(graph, Path(options.model_file))
    if options.dtype == "float32":
        return graph, None, ()
    return graph, *emit_in(graph, PRECISIONS[options.dtype], keep_io=options.keep_io_types)


def _kinds(text: str) -> tuple[tuple[str, ...], tuple[Diagnostic, ...]]:
    """The kinds of inputs that `text` asks for; E0901 for an unknown one."""
    from specc.verify.probes import NAMED, kinds_named

    names = [name.strip() for name in text.split(",")]
    unknown = next((name for name in names if name not in NAMED), None)
    if unknown is None:
        return kinds_named(names), ()
    message = f"there is no kind of inputs `{unknown}`"
    return (), (Diagnostic("E0901", message, help=f"choose from {', '.join(NAMED)}"),)
