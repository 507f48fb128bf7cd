"""What a user sees: data on standard output, everything else on standard error."""

from __future__ import annotations

import _thread
import argparse
import codecs
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, Literal, TextIO

from specc.diagnostics import Diagnostic, has_errors
from specc.elaborate import SETTING
from specc.interrupts import undone
from specc.report.columns import Style

if TYPE_CHECKING:
    from _thread import LockType

OK: Final = 0
WRONG: Final = 1
BAD_REQUEST: Final = 2

STANDARD: Final = "-"
"""Where a file is named: standard input or output."""

DEFAULT_WIDTH: Final = 100


TOLD: Final = "specc.told"
"""How standard streams take what their encoding lacks: names of files as the bytes that they are, the rest escaped."""


def _told(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    if "\udc80" <= character <= "\udcff":  # a byte of a name that the system's encoding lacks
        return bytes([ord(character) - 0xDC00]), error.start + 1
    escaped = character.encode("ascii", "backslashreplace")
    return escaped.decode("ascii"), error.start + 1


codecs.register_error(TOLD, _told)


class Unwritable(Exception):
    """A standard stream takes no more: its disk is full, or the like."""


class Console:
    """The two streams with their width and colour.

    `code` is the exit code where a stream's reader leaves before the command ends: what was decided so far, or else
    what follows from the findings that were to be told.
    """

    def __init__(self) -> None:
        self._decided: int | None = None
        self._told = OK
        sys.stdin = sys.stdin or _nowhere("r")
        sys.stdout = sys.stdout or _nowhere("w")
        sys.stderr = sys.stderr or _nowhere("w")
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors=TOLD)

    @property
    def code(self) -> int:
        return self._told if self._decided is None else self._decided

    def decide(self, code: int) -> int:
        """Note how the command is going to end, whatever becomes of its output; `code` itself."""
        self._decided = code
        return code

    @property
    def width(self) -> int:
        """The terminal's width; 100 where the output is none and COLUMNS does not say."""
        return max(terminal_columns() or DEFAULT_WIDTH, 40)

    @property
    def style(self) -> Style:
        """How tables on standard output are drawn."""
        encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
        return Style(unicode=encoding.startswith("utf"), colour=_colour(sys.stdout))

    def data(self, text: str) -> None:
        """Print the result of the command."""
        with written("output"):
            sys.stdout.write(text)

    def binary(self, data: bytes) -> None:
        """Write the result of the command where it is no text."""
        self.flush()
        with written("output"):
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    def json(self, value: object) -> None:
        """Print the result of the command as JSON, ASCII only; the items of a list stand on a line each."""
        from specc.report.json import text

        self.data(text(value, levels=2) + "\n")

    def note(self, text: str) -> None:
        """Print a line about the work on standard error."""
        with written("error"):
            sys.stderr.write(f"{text}\n")

    def report(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Print findings on standard error."""
        if diagnostics:
            from specc.diagnostics.render import render_text

            self._told = max(self._told, exit_code(diagnostics))
            self.flush()
            with written("error"):
                sys.stderr.write(render_text(list(diagnostics), self.width, _colour(sys.stderr)))
                sys.stderr.flush()

    def refuse(self, diagnostics: Sequence[Diagnostic]) -> int:
        """Print why a command ends without its result; the exit code for that."""
        self.report(diagnostics)
        return exit_code(diagnostics)

    def flush(self) -> None:
        """See to it that what was printed has arrived."""
        with written("output"):
            sys.stdout.flush()

    def drop(self) -> None:
        """Let what a stream has not taken go nowhere: Python must not flush to it again."""
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)

    @contextmanager
    def progress(self, total: int | None, what: str, *, talking: bool = False) -> Iterator[Callable[[int], object]]:
        """A function to call with each advance: a bar on standard error after a second, nothing outside a terminal.

        Where the command is `talking`, results that scroll by on the same terminal take the bar's place.
        """
        from tqdm import tqdm

        hidden = not sys.stderr.isatty() or (talking and sys.stdout.isatty())
        with tqdm(total=total, unit=f" {what}", delay=1, leave=False, disable=hidden) as bar:
            undone.append(bar.close)
            try:
                yield bar.update
            finally:
                undone.remove(bar.close)

    def problem(self, diagnostic: Diagnostic) -> None:
        """Print a finding in one line on standard error, above a bar of progress."""
        from tqdm import tqdm

        from specc.diagnostics.render import render_line

        self._told = max(self._told, exit_code([diagnostic]))
        self.flush()
        with written("error"):
            tqdm.write(render_line(diagnostic, _colour(sys.stderr)), file=sys.stderr)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Tell the seconds of the block on standard error, with `what` it does, and take that away at its end."""
    if not sys.stderr.isatty():
        yield
        return
    busy, told = _thread.allocate_lock(), _thread.allocate_lock()
    busy.acquire()
    told.acquire()
    _thread.start_new_thread(_tell, (what, busy, told))

    def end() -> None:
        busy.release()
        told.acquire()

    undone.append(end)
    try:
        yield
    finally:
        undone.remove(end)
        end()


@contextmanager
def written(stream: str) -> Iterator[None]:
    """Raises `Unwritable` where the stream takes no more, `BrokenPipeError` where its reader has left."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Unwritable(f"cannot write to standard {stream}: {error.strerror or error}") from None


def _nowhere(mode: Literal["r", "w"]) -> TextIO:
    """What stands in for a standard stream that is closed."""
    return open(os.devnull, mode, encoding="utf-8")


def named(output: str | None) -> str | None:
    """The file to write to; `None` for standard output, however that is asked for."""
    return None if output == STANDARD else output


def output_file(text: str) -> str:
    """`text` as the name of a file to write, which is not empty and does not end as that of a folder does."""
    if not text:
        raise argparse.ArgumentTypeError("the name of the file is empty")
    if text.endswith(("/", os.sep)):
        raise argparse.ArgumentTypeError(f"{text} is a folder: name the file in it, {text}NAME")
    return text


def exit_code(diagnostics: Sequence[Diagnostic]) -> int:
    """2 where an error is about the request or a file as a whole, 1 where it is about a place in a spec."""
    if not has_errors(diagnostics):
        return OK
    errors = [d for d in diagnostics if d.severity == "error"]
    return BAD_REQUEST if any(_about_request(d) for d in errors) else WRONG


def _about_request(error: Diagnostic) -> bool:
    if error.span is None:
        return error.code not in _ABOUT_SPECS
    return error.span.source.name.startswith(SETTING)  # text of the command line itself


_ABOUT_SPECS: Final = frozenset({"E0210", "E0707"})


def _colour(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def terminal_columns() -> int:
    """What COLUMNS says, or else the terminal; 0 where neither does.  As `shutil` has it, which takes longer to import
    than a table to print."""
    written = os.environ.get("COLUMNS", "")
    if written.isdecimal() and int(written):
        return int(written)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 0
    except (OSError, ValueError):
        return 0


def _tell(what: str, busy: LockType, told: LockType) -> None:
    """Tell the seconds until `busy` is free; `told` is free behind it."""
    seconds = 0
    with suppress(OSError):  # nobody listens
        while not busy.acquire(timeout=1):
            seconds += 1
            sys.stderr.write(f"\r{what}: {seconds} s")
            sys.stderr.flush()
        if seconds:
            sys.stderr.write(f"\r{' ' * len(f'{what}: {seconds} s')}\r")
            sys.stderr.flush()
    told.release()
