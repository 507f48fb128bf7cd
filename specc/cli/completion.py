"""Print a shell completion script."""

from __future__ import annotations

import argparse

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

    console.data(shtab.complete(build_parser(), shell=options.shell) + "\n")
    return OK
