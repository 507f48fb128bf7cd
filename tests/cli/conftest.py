from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from specc.cli import main

NET = """\
## A small classifier.
model Net(width = 4) {
    input image 3x8x8, range=[-1, 1]
    conv width, 3x3, relu       -> [width, 6, 6]
    global_avgpool; flatten
    dense 3, softmax
    output animal, labels=["cat", "dog", "fox"]
}
"""


class Answer(NamedTuple):
    """What a command printed on both streams, and its exit code."""

    code: int
    out: str
    err: str


Specc = Callable[..., Answer]


@pytest.fixture
def specc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Specc:
    """Runs a command line in an empty folder with `net.cnn` in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "net.cnn").write_text(NET, encoding="utf-8")

    def run(*arguments: str) -> Answer:
        capsys.readouterr()
        code = main(list(arguments))
        return Answer(code, *capsys.readouterr())

    return run
