"""What a terminal shows while a step takes long."""

import io
import sys
import time

import pytest

from specc.cli.console import waiting


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_long_step_tells_its_seconds_and_takes_them_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with waiting("checking"):
        until = time.monotonic() + 60
        while not terminal.getvalue() and time.monotonic() < until:
            time.sleep(0.05)
    assert terminal.getvalue().startswith("\rchecking: 1 s")
    assert terminal.getvalue().endswith("\r             \r")


def test_a_short_step_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with waiting("checking"):
        pass
    assert terminal.getvalue() == ""


def test_what_is_no_terminal_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", file := io.StringIO())
    with waiting("checking"):
        time.sleep(1.1)
    assert file.getvalue() == ""
