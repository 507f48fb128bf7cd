"""Explain a diagnostic code or a word of the language; without an argument, list all.

Words are operations, statements, functions, arguments, the words that arguments take, and topics such as `label`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from specc.cli.console import BAD_REQUEST, OK, Console
from specc.diagnostics import CODES
from specc.diagnostics.explain import STATEMENTS, explain, topics
from specc.diagnostics.suggest import nearest
from specc.textwidth import wrap

EXAMPLES = """\
examples:
  specc explain E0403
  specc explain conv
  specc explain residual
  specc explain same
  specc explain
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("subject", metavar="CODE|WORD", nargs="?", help="such as E0403, conv, residual or same")


def run(options: argparse.Namespace, console: Console) -> int:
    subject = options.subject
    if subject is None:
        console.data(_everything(console.width))
        return OK
    if subject.upper() in CODES:
        from specc.report.pages import wrapped

        console.data(wrapped(explain(subject.upper()), console.width))
        return OK
    from specc.report.vocabulary import known_words, word_page

    page = word_page(subject, console.width)
    if page is not None:
        console.data(page)
        return OK
    guess = nearest(subject.upper(), CODES) or nearest(subject, {*known_words(), *topics()})
    hint = f"; did you mean {guess}?" if guess else "; `specc explain` lists all"
    code = console.decide(BAD_REQUEST)
    console.note(f"specc explain: there is no code and no word of the language {subject}{hint}")
    return code


def _everything(width: int) -> str:
    """All codes, operations, statements and other words."""
    from specc.ops import BY_WORD
    from specc.report.operations import operation_list
    from specc.report.vocabulary import known_words

    codes = "".join(f"  {line}\n" for code, title in CODES.items() for line in _hung(f"{code}  {title}", width))
    others = sorted(known_words() - {*BY_WORD, *STATEMENTS})
    asked = [f"`{word}`" if " " in word else word for word in sorted(topics().keys() - known_words())]
    return (
        f"Codes\n{codes}\nOperations\n{operation_list(width)}\n"
        f"Statements\n{_paragraph(STATEMENTS, width)}\n"
        f"Functions, arguments and other words\n{_paragraph(others, width)}\n"
        f"Topics\n{_paragraph(asked, width)}"
    )


def _hung(text: str, width: int) -> Iterator[str]:
    """A code and its title, whose further lines stand below it."""
    first, *rest = wrap(text, width - 9)
    yield first
    yield from (f"       {line}" for line in rest)


def _paragraph(words: Sequence[str], width: int) -> str:
    return "".join(f"  {line}\n" for line in wrap(" ".join(words), width - 2))
