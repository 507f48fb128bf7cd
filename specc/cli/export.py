"""Write a model as an ONNX file, or with --to torch as the source of a PyTorch module.

The same spec, weights and seed give the same bytes on every machine. The file
appears whole or not at all.  Weights beyond 2 GB go to a second file beside it by themselves.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from specc.cli.console import OK, STANDARD, Console, exit_code, output_file
from specc.cli.model_arguments import add_dtype_arguments, add_weights_arguments, load_weights, weights_files
from specc.cli.spec_arguments import add_spec_arguments, one_model
from specc.diagnostics import Diagnostic, has_errors
from specc.outputs import MODEL, SOURCE, refusals, spec_files
from specc.pipeline import Checked
from specc.progress import Watched
from specc.report import words

if TYPE_CHECKING:
    from specc.onnx.precision import Counted
    from specc.onnx.proto import Model

OUTPUT: Final = "standard output"

EXAMPLES = """\
examples:
  specc export lenet5.cnn                      # LeNet5.onnx, seeded weights
  specc export resnet.cnn --model ResNet34 -o r34.onnx --weights r34.safetensors
  specc export resnet.cnn --model ResNet18 --dtype float16 --keep-io-types
  specc export resnet.cnn --model ResNet18 --preprocess   # takes pixels 0..255
  specc export lenet5.cnn -o - | ssh board 'cat > lenet5.onnx'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec_arguments(parser)
    add_weights_arguments(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=output_file,
        metavar="OUT",
        help="the file to write, or - for standard output (default: MODEL.onnx or MODEL.py)",
    )
    parser.add_argument(
        "--to",
        choices=("onnx", "torch"),
        default="onnx",
        help="what to write: torch is source code, without weights",
    )
    parser.add_argument("--opset", metavar="N", type=int, help="ONNX opset (default: 21, for bfloat16 22)")
    add_dtype_arguments(parser)
    parser.add_argument(
        "--preprocess",
        action="store_true",
        help="bake the inputs' range, mean and std into the graph, which then takes uint8 pixels",
    )


def run(options: argparse.Namespace, console: Console) -> int:
    checked, code = one_model(options, console, "export" if options.to == "onnx" else None)
    if checked is None:
        return code
    target = _target(checked, options)
    refused = _refusals(target, checked, options)
    if refused:
        return console.refuse(refused)
    if options.to == "torch":
        return _export_torch(checked, target, console)
    from specc.onnx.narrow import default_opset, emit_in
    from specc.onnx.precision import PRECISIONS, Counted
    from specc.onnx.proto import note_origin
    from specc.weights.origin import origin

    precision = PRECISIONS[options.dtype]
    opset = default_opset(precision) if options.opset is None else options.opset
    weights, diagnostics = load_weights(checked.graph, options, console)
    if weights is None:
        return console.refuse(diagnostics)
    model, lost = emit_in(
        checked.graph, precision, opset=opset, preprocess=options.preprocess, keep_io=options.keep_io_types
    )
    if model is None:
        return console.refuse(lost)
    made = origin(checked.graph, weights)
    note_origin(model, made)
    counted = Counted(weights, precision)
    problems = _write(model, counted, target, console) or (*lost, *counted.diagnostics)
    console.report(problems)
    if not has_errors(problems):
        kind = "" if precision.name == "float32" else f"{precision.name}, "
        nodes = words.counted(len(model.graph.node), "node")
        seeded = f", {made.text}" if made.text else ""
        console.note(f"wrote {target or OUTPUT}: {checked.graph.name}, {kind}opset {opset}, {nodes}{seeded}")
    return exit_code(problems)


def _target(checked: Checked, options: argparse.Namespace) -> Path | None:
    """The file to write; `None` for standard output."""
    if options.output == STANDARD:
        return None
    return Path(options.output or f"{checked.graph.name}.{'onnx' if options.to == 'onnx' else 'py'}")


def _refusals(target: Path | None, checked: Checked, options: argparse.Namespace) -> Sequence[Diagnostic]:
    if target is not None:
        suffixes = MODEL if options.to == "onnx" else SOURCE
        return refusals(target, suffixes, [*spec_files(checked.graph), *weights_files(options)])
    if options.to == "onnx" and sys.stdout.isatty():
        message = "an ONNX file is no text for a terminal"
        return [Diagnostic("E0904", message, help="send it to a file or a program: `-o - > model.onnx`")]
    return ()


def _write(model: Model, weights: Counted, target: Path | None, console: Console) -> Sequence[Diagnostic]:
    """Write the model to a file, or in one piece to standard output."""
    from specc.onnx.framing import size
    from specc.onnx.write import LIMIT, to_bytes, write_model

    if target is not None:
        with console.progress(len(weights), "tensors") as advance:
            return write_model(model, Watched(weights, advance), target)
    if size(model) > LIMIT:
        return [Diagnostic("E0904", "weights beyond 2 GB go to a file beside the model's: name it with -o OUT.onnx")]
    data, problems = to_bytes(model, weights)
    if data is not None:
        console.binary(data)
    return problems


def _export_torch(checked: Checked, target: Path | None, console: Console) -> int:
    from specc.torch import to_source, write_source

    if target is None:
        console.data(to_source(checked.graph))
        return OK
    problems = write_source(checked.graph, target)
    console.report(problems)
    if not problems:
        console.note(f"wrote {target}: a PyTorch module with the spec's tensor names")
    return exit_code(problems) if problems else OK
