"""Standard output belongs to whoever prints, also while ONNX Runtime is kept quiet."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import warnings

import pytest

from specc.runtime.quiet import quiet

FIRST_USE = """
import sys, threading, specc
model = specc.loads("model M { input x 4; dense 2 }")
before = sys.stdout
together = threading.Barrier(8)

def run():
    together.wait()
    model.run([[0.0] * 4], device="cpu")

threads = [threading.Thread(target=run) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert sys.stdout is before
print("heard")
"""


def test_what_one_thread_prints_is_caught_and_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    said = io.StringIO()
    with quiet(said):
        print("a library is missing")
        warnings.warn("deprecated", stacklevel=1)
        other = threading.Thread(target=print, args=("from another thread",))
        other.start()
        other.join()
    assert said.getvalue() == "a library is missing\n"
    assert capsys.readouterr().out == "from another thread\n"


def test_one_that_leaves_last_puts_back_what_was_there_first() -> None:
    before = sys.stdout
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        with quiet():
            inside.set()
            leave.wait(10)

    def second() -> None:
        inside.wait(10)
        threading.Timer(0.05, leave.set).start()
        with quiet():
            one.join()

    one, two = threading.Thread(target=first), threading.Thread(target=second)
    one.start()
    two.start()
    two.join()
    assert sys.stdout is before


def test_the_first_runs_of_a_process_may_be_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", FIRST_USE], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("heard\n", "")
