"""List a model's weights with their shapes and initialisers, match them with a file, or write them.

The names are the same in weight files, in the ONNX graph and in `specc.torch` modules.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from specc.cli.console import BAD_REQUEST, OK, Console, exit_code, output_file
from specc.cli.model_arguments import add_map_argument, mapping, seed
from specc.cli.spec_arguments import add_spec_arguments, one_model
from specc.outputs import WEIGHTS, refusals, spec_files
from specc.pipeline import Checked
from specc.report import words

EXAMPLES = """\
examples:
  specc weights lenet5.cnn                      # names, shapes, initialisers
  specc weights lenet5.cnn -o start.safetensors --seed 7    # the seeded weights
  specc weights resnet.cnn --model ResNet18 --from r18.pt   # what fits
  specc weights resnet.cnn --model ResNet18 --from r18.pt -o r18.safetensors
  specc weights lenet5.cnn --format json | jq -r '.tensors[].name'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec_arguments(parser)
    parser.add_argument("--from", dest="source", metavar="FILE", help="match the model's weights with this file's")
    add_map_argument(parser)
    parser.add_argument("--lenient", action="store_true", help="accept missing and surplus tensors")
    parser.add_argument("--seed", metavar="N", type=seed, default=0, help="seed of initialised weights (default: 0)")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="how to print the tensors")
    parser.add_argument(
        "-o", "--output", metavar="OUT", type=output_file, help="write the weights to a .safetensors or .npz file"
    )


def run(options: argparse.Namespace, console: Console) -> int:
    checked, code = one_model(options, console, "export" if options.output is not None else None)
    if checked is None:
        return code
    if options.output is not None:
        read = [Path(file) for file in (options.source, options.map) if file is not None]
        refused = refusals(Path(options.output), WEIGHTS, [*spec_files(checked.graph), *read])
        if refused:
            return console.refuse(refused)
    if options.source is not None:
        return _match(checked, options, console)
    from specc.report.weights import render_weights, weights_json
    from specc.weights import seeded

    if options.output is None and options.format == "json":
        console.json(weights_json(checked.graph))
        return OK
    if options.output is None:
        console.data(render_weights(checked.graph, console.width, console.style))
        return OK
    return _write(seeded(checked.graph, options.seed), options.output, console)


def _match(checked: Checked, options: argparse.Namespace, console: Console) -> int:
    from specc.report.weights import match_json, render_match
    from specc.trained import load_trained, untold

    source = Path(options.source)
    weights, table, diagnostics = load_trained(
        checked.graph, source, mapping=mapping(options), strict=not options.lenient, seed=options.seed
    )
    if table is None:
        return console.refuse(diagnostics)
    if weights is None:
        console.decide(exit_code(diagnostics) or BAD_REQUEST)
    if options.format == "json":
        console.json(match_json(checked.graph, table))
    else:
        console.data(render_match(table, console.width, console.style))
    console.report((*diagnostics, *untold(table, source)))
    if weights is None:
        return console.code
    return OK if options.output is None else _write(weights, options.output, console)


def _write(weights: object, output: str, console: Console) -> int:
    from specc.weights import Weights, write

    assert isinstance(weights, Weights)
    with console.progress(len(weights), "tensors") as advance:
        problems = write(weights, Path(output), advance)
    console.report(problems)
    if not problems:
        console.note(f"wrote {output}: {words.counted(len(weights), 'tensor')}")
    return exit_code(problems)
