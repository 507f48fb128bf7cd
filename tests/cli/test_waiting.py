"""What a terminal shows while a step takes long."""

import io
import sys
import time
from collections.abc import Iterator

import pytest

from specc.cli.console import Console, waiting
from specc.interrupts import undone


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


def told(monkeypatch: pytest.MonkeyPatch, terminal: io.StringIO, steps: Iterator[float]) -> str:
    """What a bar of four steps writes to `terminal`, each step taking its seconds."""
    monkeypatch.setattr(sys, "stderr", terminal)
    with Console().progress(4, "layers") as advance:
        for seconds in steps:
            time.sleep(seconds)
            advance(1)
        assert len(undone) == 1  # an interrupt here would close it
    assert not undone
    return terminal.getvalue()


def test_a_bar_comes_after_a_second_and_goes_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = told(monkeypatch, Terminal(), iter((1.1, 0.2)))
    assert "2/4" in shown
    assert "layers" in shown
    assert shown.rsplit("\r", 2)[1].strip() == ""


def test_short_work_has_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, Terminal(), iter((0, 0))).strip() == ""


def test_a_file_gets_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, io.StringIO(), iter((1.1, 0.2))) == ""
