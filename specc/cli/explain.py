"""Explain a diagnostic code, an operation or a statement; without an argument, list all."""

from __future__ import annotations

import argparse

from specc.cli.console import BAD_REQUEST, OK, Console
from specc.diagnostics import CODES
from specc.diagnostics.explain import STATEMENTS, explain, explain_statement
from specc.diagnostics.suggest import nearest

EXAMPLES = """\
examples:
  specc explain E0403
  specc explain conv
  specc explain residual
  specc explain same
  specc explain
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("subject", metavar="CODE|WORD", nargs="?", help="such as E0403, conv or residual")


def run(options: argparse.Namespace, console: Console) -> int:
    from specc.ops import BY_WORD
    from specc.report.operations import operation_list, operation_page
    from specc.report.pages import wrapped
    from specc.textwidth import wrap

    subject = options.subject
    if subject is None:
        codes = "".join(f"  {code}  {title}\n" for code, title in CODES.items())
        statements = "".join(f"  {line}\n" for line in wrap(" ".join(STATEMENTS), console.width - 2))
        console.data(f"Codes\n{codes}\nOperations\n{operation_list(console.width)}\nStatements\n{statements}")
        return OK
    if subject.upper() in CODES:
        console.data(wrapped(explain(subject.upper()), console.width))
        return OK
    if subject in BY_WORD:
        console.data(operation_page(BY_WORD[subject], console.width))
        return OK
    if subject in STATEMENTS:
        console.data(wrapped(explain_statement(subject), console.width))
        return OK
    guess = nearest(subject.upper(), CODES) or nearest(subject, (*BY_WORD, *STATEMENTS))
    hint = f"; did you mean {guess}?" if guess else "; `specc explain` lists all"
    console.note(f"specc explain: there is no code, operation or statement {subject}{hint}")
    return BAD_REQUEST
