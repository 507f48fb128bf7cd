"""The tour of the README: its commands run, in order, and print what stands there.

`SPECC_UPDATE_SNAPSHOTS=1` writes what they print into the page.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)


def run(command: str, folder: Path) -> str:
    scripts = str(Path(sys.executable).parent)
    env = os.environ | {"PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "80", "NO_COLOR": "1"}
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.stdout


def played(block: str, folder: Path) -> str:
    commands = [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{run(command, folder)}" for command in commands)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tour")
    spec = re.search(r"^```cnn\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert spec
    (place / "lenet5.cnn").write_text(spec[1], encoding="utf-8")
    return place


def test_the_tour(folder: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    actual = BLOCK.sub(lambda match: f"```console\n{played(match[1], folder)}```", page)
    if os.environ.get("SPECC_UPDATE_SNAPSHOTS"):
        PAGE.write_text(actual, encoding="utf-8")
    assert actual == page


def test_the_python_example(folder: Path) -> None:
    code = re.search(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert code
    done = subprocess.run([sys.executable, "-c", code[1]], cwd=folder, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["61706 416520 6x28x28", "(1, 10)", "True"], done.stderr
