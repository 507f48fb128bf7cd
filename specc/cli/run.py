"""Run a model on images or arrays with ONNX Runtime.

Images and arrays of uint8 are pixels 0..255 and get the preprocessing that the spec declares (range, mean, std); arrays
of floating-point numbers are taken as they are. Arrays have the layout of the spec (channels first, with layout=hwc
last; colours are red, green, blue), one item or several behind a batch axis.

Folders give the images and arrays that lie in them, not those of folders inside: the pattern 'photos/**' finds these
as well. How many other files there are is told. Of an image with several frames or pages the first is taken.

Results go to standard output, or with -o to an .npz, .json, .jsonl or .csv file, in the order of the inputs; for a
classifier --top-k prints the best classes.

Files are read while the model runs, and results written while both go on, with the same memory for any number of
files. A file that is missing or cannot be read is told in a line, the others still get their results, and the exit code
is 2.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from specc.arguments import unknown_layers
from specc.cli.console import BAD_REQUEST, OK, STANDARD, Console, named, output_file, waiting
from specc.cli.model_arguments import add_device_argument, add_weights_arguments, load_weights, weights_files
from specc.cli.spec_arguments import add_spec_arguments, limits, one_model
from specc.diagnostics import Diagnostic
from specc.ir.graph import Graph, GraphOutput
from specc.outputs import RESULTS, refusals, spec_files, unwritable
from specc.report import words

if TYPE_CHECKING:
    from specc.inference import Answers, Inference
    from specc.runtime.outputs import Format, Sink

MOST_THREADS = 256
MOST_NAMED = 3
"""Items that a note names."""

FORMATS: dict[str, Format] = {"json": "json", "jsonl": "jsonl", "csv": "csv", "npz": "npz"}

EXAMPLES = """\
examples:
  specc run lenet5.cnn --input digit.png --top-k 3
  specc run resnet.cnn --model ResNet34 --weights r34.safetensors \\
      --input photos/ --resize -o scores.csv
  specc run unet.cnn --input 'scans/*.npy' --batch 8 --device cuda -o masks.npz
  specc run lenet5.cnn -i digit.png --save-activations conv1 -o maps.npz
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec_arguments(parser)
    parser.add_argument(
        "-i",
        "--input",
        metavar="INPUT",
        nargs="+",
        required=True,
        action="extend",
        help="PNG, JPEG, WebP, TIFF, GIF, BMP, .npy, .npz (an array for each input by name), folders of these (without "
        "those inside them), or patterns such as 'photos/**'",
    )
    add_weights_arguments(parser)
    add_device_argument(parser, "auto")
    parser.add_argument("--batch", metavar="N", type=int, default=1, help="items in a batch (default: %(default)s)")
    parser.add_argument(
        "--threads", metavar="N", type=int, help="threads that compute, on the CPU (default: ONNX Runtime's choice)"
    )
    parser.add_argument(
        "--readers", metavar="N", type=int, help="files that are read at once (default: one for a processor, up to 4)"
    )
    parser.add_argument("--resize", action="store_true", help="scale images to the size that the model takes")
    parser.add_argument(
        "-o", "--output", metavar="OUT", type=output_file, help="write to this file: .npz, .json, .jsonl or .csv"
    )
    parser.add_argument("--format", choices=tuple(FORMATS), help="format (default: OUT's suffix, or json)")
    parser.add_argument(
        "--top-k", metavar="K", type=int, help="print the K best classes of each input instead, as text or in --format"
    )
    parser.add_argument(
        "--save-activations",
        metavar="LAYER",
        action="append",
        default=[],
        help="save this layer's value as well; may be repeated",
    )


def run(options: argparse.Namespace, console: Console) -> int:
    options.output = named(options.output)
    checked, code = one_model(options, console, "run")
    if checked is None:
        return code
    graph = checked.graph
    unsuitable = _unsuitable(options, graph)
    if unsuitable:
        console.report(unsuitable)
        return BAD_REQUEST
    from specc.runtime.files import find_files, told
    from specc.runtime.images import unscaled

    files, missing, others = find_files(options.input)
    problems = () if files else missing
    if not problems and options.output is not None:
        problems = refusals(Path(options.output), RESULTS, [*spec_files(graph), *weights_files(options), *files])
    if problems:
        console.report(problems)
        return BAD_REQUEST
    weights, diagnostics = load_weights(graph, options, console)
    if weights is None:
        return console.refuse(diagnostics)
    from specc.inference import open_inference
    from specc.weights.origin import origin

    if options.weights is None and (made := origin(graph, weights)).seeded:
        console.note(f"no --weights: the model runs with {made.text}")
    with waiting("preparing the model"):
        opened, diagnostics = open_inference(
            graph,
            weights,
            device=options.device,
            activations=tuple(dict.fromkeys(options.save_activations)),
            threads=options.threads,
            beside_others=True,
        )
    if opened is None:
        console.report(diagnostics)
        return BAD_REQUEST
    for diagnostic in missing:
        console.problem(diagnostic)
    if others:
        console.note(told(others))
    if options.resize and (useless := unscaled(graph)):
        console.note(f"--resize does nothing: {useless}")
    return _infer(opened, files, _Count(failed=len(missing)), options, console)


def _unsuitable(options: argparse.Namespace, graph: Graph) -> list[Diagnostic]:
    """What can be refused before anything is loaded."""
    return [*unknown_layers(graph, options.save_activations), *_wrong_numbers(options), *_wrong_output(options, graph)]


def _wrong_numbers(options: argparse.Namespace) -> Iterator[Diagnostic]:
    if options.batch < 1:
        yield Diagnostic("E0901", f"a batch has at least one item, not {options.batch}")
    for name in ("threads", "readers"):
        number = getattr(options, name)
        if number is not None and not 1 <= number <= MOST_THREADS:
            yield Diagnostic("E0901", f"--{name} is 1 to {MOST_THREADS}, not {number}")


def _wrong_output(options: argparse.Namespace, graph: Graph) -> Iterator[Diagnostic]:
    """A format or number of classes that the output cannot have."""
    kind = _format(options)
    if kind not in FORMATS:
        message = f"{options.output}: an output is .npz, .json, .jsonl or .csv"
        yield Diagnostic("E0904", message, help="or say --format")
    suffix = "" if options.output is None else Path(options.output).suffix.lower()
    if suffix in RESULTS and suffix != f".{kind}":
        message = f"cannot write {options.output}: its suffix says {suffix[1:]}, and --format {kind}"
        yield Diagnostic("E0904", message, help=f"name it {Path(options.output).with_suffix('.' + kind)}")
    if kind == "npz" and options.output is None:
        yield Diagnostic("E0904", "an .npz archive needs a file: -o OUT.npz")
    if options.top_k is None:
        return
    if options.top_k < 1:
        yield Diagnostic("E0901", f"--top-k is at least 1, not {options.top_k}")
    if options.save_activations and options.output is None:
        message = "--top-k prints the best classes alone, and the activations need a file: -o OUT"
        yield Diagnostic("E0904", message)
    if _scores(graph) is None:
        message = "--top-k needs a classifier: one output with a score for each class"
        yield Diagnostic("E0901", message, help="of several, the one with `labels=` is meant")


def _scores(graph: Graph) -> GraphOutput | None:
    """The output with a score for each class: the first that has labels, or the only one that is flat."""
    flat = [output for output in graph.outputs if len(graph.values[output.value].shape) == 2]
    labelled = [output for output in flat if output.labels]
    return labelled[0] if labelled else flat[0] if len(flat) == 1 else None


def _format(options: argparse.Namespace) -> str:
    """The format of the output: what was asked for, or the file's suffix, or JSON."""
    suffix = "json" if options.output is None else Path(options.output).suffix.lstrip(".").lower()
    return options.format or suffix


class _Nothing(Exception):
    """No input has a result, so that nothing is written."""


@dataclass
class _Count:
    """What came of the inputs so far; `names` are those of the results, and `not_finite` counts the items with results
    that are NaN or infinite, of which `first_of_them` holds some."""

    items: int = 0
    failed: int = 0
    not_finite: int = 0
    first_of_them: list[str] = field(default_factory=list)
    names: tuple[str, ...] = ()

    def note_broken(self, sources: Sequence[str]) -> None:
        """Count the items called `sources`, whose results are not all finite."""
        self.not_finite += len(sources)
        self.first_of_them.extend(sources[: MOST_NAMED - len(self.first_of_them)])


def _infer(
    opened: Inference, files: Sequence[Path], count: _Count, options: argparse.Namespace, console: Console
) -> int:
    """Run the files through the model, and deliver the results as they come; `count` has what failed before."""
    from specc.runtime.outputs import Unequal

    try:
        with _sinks(opened.graph, options, console) as sinks:
            answers = opened.over(
                files,
                batch=options.batch,
                resize=options.resize,
                readers=options.readers,
                pixels=limits(options).pixels,
            )
            talking = options.output is None or options.top_k is not None
            with closing(answers), console.progress(len(files), "files", talking=talking) as advance:
                _deliver(answers, sinks, count, console, advance)
            if not count.items:
                raise _Nothing
    except _Nothing:
        console.note("no input has a result: nothing is written")
    except BrokenPipeError:
        raise
    except OSError as error:
        console.report([unwritable(Path(options.output or STANDARD), error)])
        return BAD_REQUEST
    except Unequal as error:
        help = "run inputs of one size together, or write .json or .jsonl"
        console.report([Diagnostic("E0901", str(error), help=help)])
        return BAD_REQUEST
    if options.output is not None and count.items:
        console.note(f"wrote {options.output}: {', '.join(count.names)} of {words.counted(count.items, 'input')}")
    if count.not_finite:
        named = ", ".join(count.first_of_them) + (", ..." if count.not_finite > MOST_NAMED else "")
        console.note(f"of {words.counted(count.not_finite, 'input')} some result is NaN or infinite: {named}")
    return BAD_REQUEST if count.failed else OK


def _deliver(
    answers: Iterable[tuple[Answers | None, Sequence[Diagnostic]]],
    sinks: Sequence[Sink],
    count: _Count,
    console: Console,
    advance: Callable[[int], object],
) -> None:
    from specc.runtime.outputs import not_finite

    for batch, diagnostics in answers:
        for diagnostic in diagnostics:
            console.problem(diagnostic)
        if batch is None:
            count.failed += 1
            advance(1)
            continue
        for sink in sinks:
            sink.add(batch.sources, batch.results)
        count.items += len(batch.sources)
        count.note_broken([batch.sources[item] for item in not_finite(batch.results)])
        count.names = tuple(batch.results)
        advance(batch.files)


@contextmanager
def _sinks(graph: Graph, options: argparse.Namespace, console: Console) -> Iterator[list[Sink]]:
    """Where the results go: the best classes to standard output, everything to the file, or there without one."""
    from specc.runtime.best import best_sink
    from specc.runtime.outputs import output_file, text_sink

    scores = None if options.top_k is None else _scores(graph)
    lines = "text" if options.output is not None else options.format
    best: list[Sink] = [] if scores is None else [best_sink(lines, console.data, scores, options.top_k)]
    kind = FORMATS[_format(options)]
    labels = {output.name: output.labels for output in graph.outputs if output.labels}
    if options.output is not None:
        with output_file(Path(options.output), kind, labels) as sink:
            yield [*best, sink]
    elif best:
        yield best
        best[0].finish()
    else:
        sink = text_sink(kind, console.data, labels)
        yield [sink]
        sink.finish()
