"""Keeping what ONNX Runtime prints from standard output, also while other threads print there, or start it too."""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from collections.abc import Iterator
from threading import Lock, get_ident
from typing import Any, Final, TextIO, cast

_ONE: Final = Lock()
"""`sys.stdout` and the filters of warnings are the whole process's: whoever enters second would put back what the first
has put there."""


@contextlib.contextmanager
def quiet(said: io.StringIO | None = None) -> Iterator[None]:
    """Catch what this thread prints to standard output, in `said` or nowhere, and its warnings; others wait."""
    with _ONE, warnings.catch_warnings():
        heard = io.StringIO() if said is None else said
        with contextlib.redirect_stdout(cast("TextIO", _Heard(heard, sys.stdout or heard))):
            warnings.simplefilter("ignore")
            yield


class _Heard:
    """`stream`, but for what the thread that makes this writes: `said` gets that."""

    def __init__(self, said: io.StringIO, stream: TextIO) -> None:
        self._said = said
        self._stream = stream
        self._thread = get_ident()

    def write(self, text: str) -> int:
        return (self._said if get_ident() == self._thread else self._stream).write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
