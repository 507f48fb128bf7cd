"""Print a shell completion script."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from specc.cli.console import OK, Console

EXAMPLES = """\
examples:
  specc completion bash > ~/.local/share/bash-completion/completions/specc
  specc completion zsh > ~/.zfunc/_specc
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="the shell to complete for")


def run(options: argparse.Namespace, console: Console) -> int:
    import shtab

    from specc.cli.main import build_parser

    parser = build_parser()
    for command, name, words in _offered():
        _argument(parser, command, name).choices = words
    console.data(shtab.complete(parser, shell=options.shell) + "\n")
    return OK


def _offered() -> Iterator[tuple[str, str, Sequence[str]]]:
    """What a shell may offer for an argument of a command that takes other words too."""
    from specc.data import specs_folder
    from specc.diagnostics import CODES
    from specc.diagnostics.explain import topics
    from specc.limits import Limits
    from specc.loader import SUFFIX
    from specc.report.vocabulary import known_words
    from specc.verify.probes import NAMED

    yield "zoo", "name", sorted(path.stem for path in specs_folder().glob(f"*/*{SUFFIX}"))
    words = {*CODES, *known_words(), *topics()}
    yield "explain", "subject", sorted(word for word in words if word.replace("_", "").isalnum())
    yield "verify", "inputs", tuple(NAMED)
    for command in ("check", "export", "run", "verify", "weights"):
        yield command, "limits", [f"{name}=" for name in Limits._fields]


def _argument(parser: argparse.ArgumentParser, command: str, name: str) -> argparse.Action:
    """The argument of a command that is kept under `name`."""
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    chosen: argparse.ArgumentParser = commands.choices[command]
    return next(action for action in chosen._actions if action.dest == name)
