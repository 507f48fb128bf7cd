"""Some hundred cases of the fuzzer; `python -m tests.fuzz` runs more."""

import subprocess
import sys
from pathlib import Path


def test_cases_of_the_fuzzer():
    command = [sys.executable, "-m", "tests.fuzz", "--cases", "300", "--seconds", "600", "--seed", "7"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("300 cases")
