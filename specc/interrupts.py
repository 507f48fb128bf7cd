"""Leaving at once: on Ctrl-C, whatever code it meets, and when all is done."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import time
from contextlib import suppress

TYPE_CHECKING = False  # `typing` would be imported before the first interrupt can be met
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType
    from typing import Final, NoReturn

INTERRUPTED: Final = 130
"""128 + SIGINT, as shells count."""
_GRACE_S: Final = 0.25

unfinished: set[Path] = set()
"""Files that are worth nothing yet: an interrupt that ends the process removes them."""
undone: list[Callable[[], object]] = []
"""What tidies up where an interrupt ends the process, such as a bar of progress on the terminal."""


def leave_promptly() -> None:
    """From now on SIGINT ends the process, unless it was started with SIGINT ignored, as shells start background jobs.

    No `KeyboardInterrupt` is raised: native code that meets one while it is imported or calls Python reports errors of
    its own, swallows it or crashes.  Python calls the handler only between its own instructions, and one run of a model
    in ONNX Runtime is a single one of these, so a thread ends the process where the handler has not after a moment.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    signal.signal(signal.SIGINT, _interrupted)
    if os.name == "posix":
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        _thread.start_new_thread(_watch, (reader,))


def leave(code: int) -> NoReturn:
    """End the process when everything is written.

    Python would first take every module and object apart, which is a tenth of a short run; after an interrupt native
    threads may still work on them, and one that comes then kills.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, RuntimeError):  # their readers may have left; an interrupt may have come amid a write
            stream.flush()
    os._exit(code)


def _interrupted(_: int, __: FrameType | None) -> NoReturn:
    _clean_up()
    for tidy in undone:
        with suppress(OSError, RuntimeError):
            tidy()
    with suppress(OSError, RuntimeError):
        sys.stdout.flush()
    _say()
    leave(INTERRUPTED)


def _watch(reader: int) -> None:
    while signal.SIGINT not in os.read(reader, 64):
        pass
    time.sleep(_GRACE_S)
    _clean_up()
    _say()
    os._exit(INTERRUPTED)


def _say() -> None:
    with suppress(OSError):
        os.write(2, b"interrupted\n")


def _clean_up() -> None:
    """Remove what is half written."""
    for path in list(unfinished):
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108 - what has no path yet is no file
