"""Dispatch to one subcommand; only its module is imported."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NoReturn

import specc
from specc.cli.console import BAD_REQUEST, Console, Unwritable, terminal_columns, written
from specc.diagnostics import Diagnostic
from specc.diagnostics.suggest import nearest
from specc.interrupts import INTERRUPTED

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

COMMANDS: Final[dict[str, str]] = {
    "check": "check specs and print every layer's shape, parameters, MACs and receptive field",
    "export": "write a model as an ONNX file",
    "import": "read an ONNX file back as a spec and its weights",
    "run": "run a model on images or arrays with ONNX Runtime",
    "verify": "prove that the exported graph computes what the spec says",
    "weights": "list a model's weights, match them with a file, or write them",
    "explain": "explain a diagnostic code or a word of the language, or list all",
    "zoo": "list the bundled specs, or print one to start from",
    "completion": "print a completion script for bash, zsh or tcsh",
}

MODULES: Final[dict[str, str]] = {"import": "import_"}
"""Modules that cannot be called like their subcommand."""

_MISSING: Final = {
    "FILE": ", the .cnn file",
    "-i/--input": ", an image or array, such as `--input digit.png`",
    "FILE, -i/--input": ", as in `specc run lenet5.cnn --input digit.png`",
}
"""What is said of arguments that are missing."""

_EPILOG = """\
a first model:
  specc zoo lenet5 > lenet5.cnn
  specc check lenet5.cnn
  specc export lenet5.cnn -o lenet5.onnx
  specc verify lenet5.cnn --onnx lenet5.onnx

exit codes: 0 fine; 1 the spec is wrong or verification failed; 2 the request could not be carried out
"""


def main(argv: Sequence[str]) -> int:
    """Run the command line `argv`, the words behind `specc`, and return the exit code."""
    console = Console()
    try:
        code = console.decide(_run(list(argv), console))
        console.flush()
    except BrokenPipeError:
        console.drop()  # the reader of our output has left; that by itself is no error
        return console.code
    except Unwritable as error:
        console.drop()
        return _ended(BAD_REQUEST, console.report, [Diagnostic("E0904", str(error))])
    except MemoryError as error:
        message = f"there is not enough memory: {error}" if str(error) else "out of memory"
        return _ended(BAD_REQUEST, console.report, [Diagnostic("E0706", message)])
    except KeyboardInterrupt:  # where the caller's process leaves interrupts to Python
        return _ended(INTERRUPTED, console.note, "interrupted")
    return code


def _ended(code: int, say: Callable[[Any], None], why: object) -> int:
    """`code`, after saying why if anybody listens."""
    with suppress(BrokenPipeError, Unwritable):
        say(why)
    return code


def _run(arguments: list[str], console: Console) -> int:
    if not arguments:
        console.decide(BAD_REQUEST)
    try:
        options = _options(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    if options is None:
        return BAD_REQUEST
    if options.command == "verify":  # the one that computes with NumPy
        from specc.openblas import choose_kernels

        choose_kernels()
    code: int = _module(options.command).run(options, console)
    return code


def _options(arguments: list[str]) -> argparse.Namespace | None:
    """What the arguments say; `None` after help where there is no command.  Raises SystemExit."""
    word = arguments[0] if arguments else "-"
    if word in COMMANDS:  # the parsers of all others would take longer to make than most commands run
        words = _spec_first(arguments[1:]) if word == "run" else arguments[1:]
        return _command_options(command_parser(word), words)
    parser = build_parser()
    if not word.startswith("-"):
        parser.error(_no_command(word))
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return None
    return options


def _spec_first(words: list[str]) -> list[str]:
    """`words` with the spec, where it stands behind `--input FILES` and would be one of them, in front."""
    if words and not words[0].startswith("-"):
        return words
    inside, specs = False, []
    for place, word in enumerate(words):
        if word.startswith("-"):
            inside = word in ("-i", "--input")
        elif inside and word.endswith(".cnn"):
            specs.append(place)
    if len(specs) != 1:
        return words
    return [words[specs[0]], *words[: specs[0]], *words[specs[0] + 1 :]]


def _command_options(parser: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    options, surplus = parser.parse_known_args(arguments)
    if surplus:
        from specc.cli.surplus import refusal

        parser.error(refusal(surplus, parser, _takers))
    if hasattr(options, "lenient"):
        from specc.cli.model_arguments import needless

        if problem := needless(options):
            parser.error(problem)
    return options


def _takers(option: str) -> list[str]:
    """The commands that have an option."""
    parsers = {name: command_parser(name) for name in COMMANDS}
    return [name for name, parser in parsers.items() if option in parser._option_string_actions]


def _no_command(word: str) -> str:
    guess = f"check {word}" if word.endswith(".cnn") else nearest(word, COMMANDS)
    meant = f"did you mean `specc {guess}`? `specc --help` lists all" if guess else f"there are {', '.join(COMMANDS)}"
    return f"there is no command `{word}`; {meant}"


class _Help(argparse.RawDescriptionHelpFormatter):
    """Paragraphs are filled to the terminal's width; lines of examples, which are indented, stay as they are."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=(terminal_columns() or 80) - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        paragraphs = []
        for paragraph in text.strip().split("\n\n"):
            indented = any(line.startswith(" ") for line in paragraph.splitlines())
            paragraphs.append(
                paragraph
                if indented
                else super(argparse.RawDescriptionHelpFormatter, self)._fill_text(paragraph, width, indent)
            )
        return "\n\n".join(paragraphs)


class _Once(argparse._StoreAction):
    """Stores the value of an option, which has one: a second one is an error, and not the one that counts."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        given = vars(namespace).setdefault("given", set())
        if self.option_strings and self.dest in given:
            raise argparse.ArgumentError(self, "it is given more than once, and takes one value")
        given.add(self.dest)
        super().__call__(parser, namespace, values, option_string)


class _Parser(argparse.ArgumentParser):
    """A parser whose help arrives or raises `Unwritable`: argparse keeps silent where nothing can be written.  Of an
    argument that is missing it says what that is, and an option with one value is given once."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        for action in (None, "store"):
            self.register("action", action, _Once)

    def error(self, message: str) -> NoReturn:
        missing = message.rpartition("required: ")[2]
        super().error(message + _MISSING.get(missing, ""))

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        with written("output"):
            (file or sys.stdout).write(self.format_help())
            sys.stdout.flush()


class _Version(argparse.Action):
    """Prints the version, and leaves."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        with written("output"):
            sys.stdout.write(f"specc {specc.__version__}\n")
            sys.stdout.flush()
        parser.exit()


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = _Parser(
        prog="specc",
        description="A compiler for .cnn model specs: check shapes and sizes, export to ONNX, run and verify.",
        epilog=_EPILOG,
        formatter_class=_Help,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name in COMMANDS:
        _complete(commands.add_parser(name, help=COMMANDS[name], formatter_class=_Help), name)
    return parser


def command_parser(name: str) -> argparse.ArgumentParser:
    """The parser of what stands behind one command."""
    parser = _Parser(prog=f"specc {name}", formatter_class=_Help)
    _complete(parser, name)
    parser.set_defaults(command=name)
    return parser


def _complete(parser: argparse.ArgumentParser, name: str) -> None:
    module = _module(name)
    parser.description, parser.epilog = module.__doc__, module.EXAMPLES
    module.add_arguments(parser)


def _module(name: str) -> Any:
    return import_module(f"specc.cli.{MODULES.get(name, name)}")
