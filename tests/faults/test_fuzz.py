"""Some hundred cases of the fuzzer; `python -m tests.fuzz` runs more."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.again import examine_again, history


def test_cases_of_the_fuzzer():
    command = [sys.executable, "-m", "tests.fuzz", "--cases", "300", "--seconds", "600", "--seed", "7"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("300 cases")


def test_a_check_that_remembers_wrongly_shows(monkeypatch):
    """As if nodes did not move with their lines."""
    monkeypatch.setattr("specc.elaborate.replay._moved", lambda outcome, *_: outcome)
    with pytest.raises(AssertionError, match="another graph"):
        for number in range(100):
            examine_again(history(7, number), seconds=60)
