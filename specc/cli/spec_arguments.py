"""What all commands that take a spec have in common: reading it, choosing a model, setting parameters."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from typing import TYPE_CHECKING

from specc.cli.console import OK, STANDARD, Console, exit_code, waiting
from specc.diagnostics import Diagnostic, has_errors
from specc.diagnostics.suggest import nearest
from specc.elaborate import SETTING, parse_setting
from specc.elaborate.report import Reporter
from specc.elaborate.values import Value
from specc.frozen import changed
from specc.limits import DEFAULT_LIMITS, Limits
from specc.loader import FileLoader, decode, read_source
from specc.pipeline import Checked, Outcome, check
from specc.source import Source

if TYPE_CHECKING:
    from specc.memory import Work


def add_spec_arguments(parser: argparse.ArgumentParser, several: bool = False) -> None:
    """FILE, --model, --set, --size and limits."""
    parser.add_argument(
        "files" if several else "file",
        metavar="FILE",
        nargs="+" if several else None,
        help="a .cnn file, or - for standard input",
    )
    default = "all that need no parameters set" if several else "the only one"
    parser.add_argument("--model", metavar="NAME", help=f"which model of the file (default: {default})")
    parser.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        dest="settings",
        help="set a parameter of the model, such as depths=[2,2,2,2]; a text with blanks stands in quotes of its own: "
        "'name=\"x y\"'; may be repeated",
    )
    parser.add_argument(
        "--size",
        metavar="NAME=NUMBER",
        type=_size,
        action="append",
        default=[],
        dest="sizes",
        help="a number for an open size of the inputs, such as H=224; may be repeated",
    )
    parser.add_argument(
        "--max-layers",
        metavar="N",
        type=int,
        default=DEFAULT_LIMITS.layers,
        help="refuse to expand a model to more layers (default: %(default)s)",
    )

    parser.add_argument(
        "--limit",
        metavar="NAME=NUMBER",
        type=_limit,
        action="append",
        default=[],
        dest="limits",
        help=f"set a limit ({', '.join(Limits._fields)}); may be repeated",
    )


def _size(text: str) -> tuple[str, int]:
    """`H=224` as a name and a number."""
    name, _, number = text.partition("=")
    if not name.isidentifier() or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"an open size is given a whole number: H=224, not {text}")
    return name, int(number)


def _limit(text: str) -> tuple[str, int]:
    """`steps=5_000_000` as a name and a number."""
    name, _, number = text.partition("=")
    if name not in Limits._fields:
        guess = nearest(name, Limits._fields)
        hint = f"; did you mean {guess}?" if guess else f"; there are {', '.join(Limits._fields)}"
        raise argparse.ArgumentTypeError(f"there is no limit {name}{hint}")
    if not number.replace("_", "").isdecimal():
        raise argparse.ArgumentTypeError(f"a limit is a whole number: {name}=1000")
    return name, int(number)


def limits(options: argparse.Namespace) -> Limits:
    """The limits that the options set."""
    return DEFAULT_LIMITS._replace(**{"layers": options.max_layers, **dict(options.limits)})


def check_file(file: str, options: argparse.Namespace) -> Outcome:
    """Check one file as the options say; what cannot be read is among the diagnostics."""
    bounds = limits(options)
    source = read(file, bounds)
    if isinstance(source, Diagnostic):
        return Outcome((), (source,))
    settings, problems = parse_settings(options.settings, bounds)
    for option, pairs in (("--size", options.sizes), ("--limit", options.limits)):
        problems = (*problems, *_repeated(option, [name for name, _ in pairs]))
    if problems:
        return Outcome((), tuple(_with_quotes(problem) for problem in problems))
    root = "" if file == STANDARD else os.path.dirname(file)
    outcome = check(source, FileLoader(root, bounds), model=options.model, settings=settings, limits=bounds)
    if settings:
        outcome = outcome._replace(diagnostics=tuple(_with_quotes(found) for found in outcome.diagnostics))
    return _at_sizes(outcome, dict(options.sizes)) if options.sizes and outcome.models else outcome


def _with_quotes(found: Diagnostic) -> Diagnostic:
    """`found`; where it is about `--set title=y`, which may be a text without its quotes, with these as the help."""
    if found.span is None or not found.span.source.name.startswith(SETTING):
        return found
    name, _, value = found.span.source.text.removeprefix("let ").strip().partition(" = ")
    guessed = found.code == "E0202" and found.help is not None
    if guessed or found.code not in ("E0101", "E0202") or not value.replace(" ", "").isidentifier():
        return found
    return changed(found, help=f"a text stands in quotes of its own: `--set '{name}=\"{value}\"'`")


def _at_sizes(outcome: Outcome, sizes: dict[str, int]) -> Outcome:
    """The models with numbers for their open sizes, each with those that it has; one that none has is an error."""
    from specc.ir.fixing import fixed, open_sizes

    known = [open_sizes(checked.graph) for checked in outcome.models]
    nowhere = {name: size for name, size in sizes.items() if not any(name in names for names in known)}
    models: list[Checked] = []
    problems: list[Diagnostic] = []
    for checked, names in zip(outcome.models, known, strict=True):
        asked = nowhere or {name: size for name, size in sizes.items() if name in names}
        graph, wrong = fixed(checked.graph, asked)
        problems += wrong
        models += [Checked(graph, sound=checked.sound)] if graph is not None else []
    return Outcome(() if problems else tuple(models), (*outcome.diagnostics, *problems))


def read(file: str, bounds: Limits) -> Source | Diagnostic:
    """The text of a file, or of standard input for `-`."""
    if file == STANDARD:
        return decode("<stdin>", sys.stdin.buffer.read(bounds.file_bytes + 1), bounds)
    return read_source(file, bounds)


def parse_settings(texts: list[str], bounds: Limits) -> tuple[dict[str, Value], tuple[Diagnostic, ...]]:
    """`--set` options as values."""
    report = Reporter(bounds)
    pairs = [pair for text in texts if (pair := parse_setting(text, report)) is not None]
    return dict(pairs), (*report.diagnostics, *_repeated("--set", [name for name, _ in pairs]))


def _repeated(option: str, names: list[str]) -> list[Diagnostic]:
    """E0307 for every name to which an option gives several values."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    help = "leave out all but one"
    return [Diagnostic("E0307", f"`{option} {name}=` is given more than once", help=help) for name in twice]


def one_model(options: argparse.Namespace, console: Console, work: Work | None = None) -> tuple[Checked | None, int]:
    """The single model a command works on; without one, the exit code after everything has been reported.

    `work` is what needs memory; too much is refused here.
    """
    from specc.api import choose  # `check` needs neither
    from specc.memory import refusal

    with waiting(f"checking {options.file}"):
        outcome = check_file(options.file, options)
    if has_errors(outcome.diagnostics):
        console.report(outcome.diagnostics)
        return None, exit_code(outcome.diagnostics)
    chosen = choose(outcome, options.file)
    if isinstance(chosen, Diagnostic):
        console.report([chosen])
        return None, exit_code([chosen])
    refused = None
    if work is not None:
        refused = refusal(chosen.graph, chosen.summary, work, limits(options), getattr(options, "batch", 1))
    if refused is not None:
        console.report([refused])
        return None, exit_code([refused])
    return chosen, OK
