"""Leaving at once: on Ctrl-C even while native code runs that Python cannot interrupt, and when all is done."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import time
from contextlib import suppress
from types import FrameType
from typing import Final, NoReturn

INTERRUPTED: Final = 130
"""128 + SIGINT, as shells count."""
_GRACE_S: Final = 0.5
_seen: list[int] = []


def leave_promptly() -> None:
    """After SIGINT the process may take half a second to leave by itself, cleaning up behind it; then it is ended.

    Python raises `KeyboardInterrupt` only between its own instructions, and one run of a model in ONNX Runtime is
    a single one of these.
    """
    if os.name != "posix":
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, _interrupt)
    _thread.start_new_thread(_watch, (reader,))


def was_interrupted() -> bool:
    """Whether SIGINT has come: native code that it meets while it is being imported may report an error of its own."""
    return bool(_seen)


def _interrupt(signal_number: int, _: FrameType | None) -> NoReturn:
    _seen.append(signal_number)
    raise KeyboardInterrupt


def leave(code: int) -> NoReturn:
    """End the process when everything is written.

    Python would first take every module and object apart, which is a tenth of a short run; after an interrupt native
    threads may still work on them, and one that comes then kills.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # their readers may have left
            stream.flush()
    os._exit(code)


def _watch(reader: int) -> None:
    while signal.SIGINT not in os.read(reader, 64):
        pass
    time.sleep(_GRACE_S)
    _clean_up()
    os._exit(INTERRUPTED)


def _clean_up() -> None:
    """Remove what is half written: flushing it to a slow disk may take longer than the process has."""
    files = sys.modules.get("specc.files")
    for path in list(files.unfinished) if files else ():
        with suppress(OSError):
            path.unlink(missing_ok=True)
