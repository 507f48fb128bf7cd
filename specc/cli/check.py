"""Check specs: parse and elaborate them, verify every `->` and `expect`, and print what is known of each layer.

Tables of the models without errors go to standard output, findings to standard error.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from specc.cli.console import OK, WRONG, Console, exit_code, waiting
from specc.cli.spec_arguments import add_spec_arguments, check_file
from specc.diagnostics import Diagnostic, has_errors
from specc.pipeline import Outcome, no_collections

EXAMPLES = """\
examples:
  specc check lenet5.cnn
  specc check resnet.cnn --model ResNet34
  specc check resnet.cnn --model ResNet --set depths=[2,2,2,2] --set classes=10
  specc check resnet.cnn --allow W0101          # strides drop rows on purpose
  specc check models/*.cnn --format github      # annotations in GitHub Actions
  specc check models/*.cnn -q --deny-warnings   # in CI: nothing but findings
  specc check resnet.cnn --format json | jq '.models[].totals'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec_arguments(parser, several=True)
    parser.add_argument(
        "--format",
        choices=("table", "json", "csv", "markdown", "github"),
        default="table",
        help="how to print (default: %(default)s); json holds the findings as well",
    )
    parser.add_argument(
        "--allow",
        action="append",
        type=_warning,
        default=[],
        metavar="CODE",
        help="do not report the warning CODE, such as W0101; may be repeated",
    )
    parser.add_argument(
        "--deny-warnings", action="store_true", help="exit with 1 after a warning too, unless --allow names it"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print findings only, no tables")


def _warning(text: str) -> str:
    """The code of a warning; errors cannot be allowed."""
    from specc.diagnostics import CODES
    from specc.diagnostics.suggest import nearest

    warnings = [code for code in CODES if code.startswith("W")]
    if text.upper() in warnings:
        return text.upper()
    guess = nearest(text.upper(), warnings)
    what = "an error, which cannot be allowed" if text.upper() in CODES else "no warning"
    raise argparse.ArgumentTypeError(f"{text} is {what}" + (f"; did you mean {guess}?" if guess else ""))


def run(options: argparse.Namespace, console: Console) -> int:
    with no_collections():  # until what is made here is gone again
        return _check(options, console)


def _check(options: argparse.Namespace, console: Console) -> int:
    with waiting("checking"):
        outcomes = [check_file(file, options) for file in options.files]
        outcomes, shared = _without_shared(outcomes)
    diagnostics = [d for outcome in outcomes for d in outcome.diagnostics if d.code not in options.allow]
    denied = WRONG if options.deny_warnings and diagnostics else OK
    code = console.decide(max(denied, *(exit_code(outcome.diagnostics) for outcome in outcomes)))
    for file in [] if options.quiet else shared:
        console.note(f"{file} defines no model: what it shares is checked where a model uses it")
    text = _render(outcomes, diagnostics, options, console)
    if options.format in ("json", "github"):
        console.data(text)
    else:
        console.data("" if options.quiet else text)
        console.report(diagnostics)
    if denied and not has_errors(diagnostics):
        console.note("--deny-warnings: a warning is as bad as an error (exit code 1); --allow CODE lets one pass")
    return code


def _without_shared(outcomes: Sequence[Outcome]) -> tuple[list[Outcome], list[str]]:
    """The outcomes without the error that a file defines no model, where another one does, and the names of such files:
    beside models lie blocks that they share."""
    kept, files = [], []
    for outcome in outcomes:
        shared = [d for d in outcome.diagnostics if d.code == "E0210" and any(one.models for one in outcomes)]
        files += [str(d.file) for d in shared]
        kept.append(outcome._replace(diagnostics=tuple(d for d in outcome.diagnostics if d not in shared)))
    return kept, files


def _render(
    outcomes: Sequence[Outcome], diagnostics: list[Diagnostic], options: argparse.Namespace, console: Console
) -> str:
    summaries = [checked.summary for outcome in outcomes for checked in outcome.models]
    good = [checked.summary for outcome in outcomes for checked in outcome.models if checked.sound]
    match options.format:
        case "json":
            from specc.report import json

            return json.render(None if options.quiet else summaries, diagnostics)
        case "csv":
            from specc.report import csv

            return csv.render(good)
        case "markdown":
            from specc.report import markdown

            return markdown.render(good)
        case "github":
            from specc.diagnostics.render import render_github

            return render_github(diagnostics, denied=options.deny_warnings)
    from specc.report.table import render

    return "\n".join(render(summary, console.width, console.style) for summary in good)
