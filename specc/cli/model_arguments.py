"""What commands that need a model's weights have in common."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from specc.cli.console import Console
from specc.diagnostics import Diagnostic
from specc.ir import Graph

if TYPE_CHECKING:
    from specc.weights import Weights


def add_weights_arguments(parser: argparse.ArgumentParser) -> None:
    """--weights, --map, --lenient and --seed."""
    parser.add_argument(
        "--weights",
        metavar="FILE",
        help="take the weights from this .safetensors, .npz, .pt, .keras, .h5 or .onnx file (default: seeded ones)",
    )
    add_map_argument(parser)
    parser.add_argument(
        "--lenient",
        action="store_true",
        help="use what fits: initialise weights that the file lacks or has in other shapes, and ignore the rest of it",
    )
    parser.add_argument(
        "--seed", metavar="N", type=seed, default=0, help="seed of initialised weights (default: %(default)s)"
    )


def needless(options: argparse.Namespace) -> str | None:
    """What is wrong with options about a file of weights where none is given, or about an ONNX file that is not
    written."""
    if getattr(options, "to", "onnx") == "torch" and (problem := _no_source(options)):
        return problem
    file, name = (options.source, "--from") if options.command == "weights" else (options.weights, "--weights")
    if file is not None:
        return None
    if options.map is not None:
        return f"--map renames the tensors of a file: it needs {name} FILE"
    return f"--lenient takes of a file what fits: it needs {name} FILE" if options.lenient else None


def _no_source(options: argparse.Namespace) -> str | None:
    """Which option says nothing of PyTorch source, and what does what it is for."""
    if any((options.weights, options.map, options.lenient, options.seed)):
        name = next(name for name in ("weights", "map", "lenient", "seed") if getattr(options, name))
        given = f"--from {options.weights} " if options.weights else ""
        written = f"`specc weights {options.file} {given}-o OUT.safetensors` writes them as the module loads them"
        return f"--{name} is about weights, and the source of `--to torch` holds none; {written}"
    if options.preprocess:
        return "--preprocess is for ONNX: the source of `--to torch` takes what the first layer expects"
    if options.dtype != "float32" or options.keep_io_types:
        return "--dtype and --keep-io-types are for ONNX: a module of `--to torch` is float32, and `half()` converts it"
    return None if options.opset is None else "--opset is for ONNX: `--to torch` writes none"


def seed(text: str) -> int:
    """A whole number that is not negative."""
    if not text.strip().isdecimal():
        raise argparse.ArgumentTypeError(f"a seed is a whole number of at least 0, not {text}")
    return int(text)


def add_map_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--map", metavar="RULES", help="a file of rules `pattern -> name` that rename the tensors")


def add_dtype_arguments(parser: argparse.ArgumentParser) -> None:
    """--dtype and --keep-io-types."""
    parser.add_argument(
        "--dtype",
        choices=("float32", "float16", "bfloat16"),
        default="float32",
        help="the type of weights and values, rounded to nearest even (default: %(default)s)",
    )
    parser.add_argument(
        "--keep-io-types", action="store_true", help="with --dtype, inputs and outputs stay float32 all the same"
    )


def add_device_argument(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument(
        "--device",
        choices=("cpu", "cuda", "auto"),
        default=default,
        help="where ONNX Runtime runs it; cuda is the GPU or an error, never quietly the CPU (default: %(default)s)",
    )


def load_weights(
    graph: Graph, options: argparse.Namespace, console: Console
) -> tuple[Weights | None, Sequence[Diagnostic]]:
    """The weights the options ask for, or why there are none; what is doubtful about them is told."""
    from specc.trained import doubts, load_trained
    from specc.weights import seeded

    if options.weights is None:
        return seeded(graph, options.seed), ()
    file = Path(options.weights)
    weights, table, diagnostics = load_trained(
        graph, file, mapping=mapping(options), strict=not options.lenient, seed=options.seed
    )
    if weights is None:
        return None, diagnostics
    for warning in (*diagnostics, *doubts(graph, table, file)):
        console.problem(warning)
    return weights, ()


def weights_files(options: argparse.Namespace) -> list[Path]:
    """The files that `load_weights` reads."""
    return [Path(file) for file in (options.weights, options.map) if file is not None]


def mapping(options: argparse.Namespace) -> Path | None:
    """The file of `--map`."""
    return None if options.map is None else Path(options.map)
