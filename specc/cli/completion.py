"""Print a shell completion script."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from specc.cli.console import OK, Console

EXAMPLES = """\
examples:
  specc completion bash > ~/.local/share/bash-completion/completions/specc
  specc completion zsh > ~/.zfunc/_specc
"""


FILES: Final = ("FILE", "FILE.onnx", "INPUT", "ONNX", "OUT", "RULES")
"""What arguments that are files are called in the help."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="the shell to complete for")


def run(options: argparse.Namespace, console: Console) -> int:
    import shtab

    from specc.cli.main import build_parser

    parser = build_parser()
    for command, name, words in _offered():
        _argument(parser, command, name).choices = words
    for action in _arguments(parser):
        if action.metavar in FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
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
    yield "check", "allow", [code for code in CODES if code.startswith("W")]
    for command in ("check", "export", "run", "verify", "weights"):
        yield command, "limits", [f"{name}=" for name in Limits._fields]


def _argument(parser: argparse.ArgumentParser, command: str, name: str) -> argparse.Action:
    """The argument of a command that is kept under `name`."""
    return next(action for action in _commands(parser)[command]._actions if action.dest == name)


def _arguments(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The arguments of all commands."""
    for command in _commands(parser).values():
        yield from command._actions


def _commands(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    """The parser of each command by its name."""
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    found: Mapping[str, argparse.ArgumentParser] = commands.choices
    return found
