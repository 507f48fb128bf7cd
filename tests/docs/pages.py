"""Pages whose commands run: what stands behind `$` in a `console` block prints what stands below it."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)


def first_spec(page: Path) -> str:
    found = re.search(r"^```cnn\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
    assert found
    return found[1]


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


def check_page(page: Path, folder: Path) -> None:
    """Run the page's commands in order in `folder`; `SPECC_UPDATE_SNAPSHOTS=1` writes what they print into the page."""
    text = page.read_text(encoding="utf-8")
    actual = BLOCK.sub(lambda match: f"```console\n{_played(match[1], folder)}```", text)
    if os.environ.get("SPECC_UPDATE_SNAPSHOTS"):
        page.write_text(actual, encoding="utf-8")
    assert actual == text


def _played(block: str, folder: Path) -> str:
    commands = [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{run(command, folder)}" for command in commands)
