"""List the specs that come with specc, or print one of them to start from."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from specc.cli.console import BAD_REQUEST, OK, Console
from specc.data import specs_folder
from specc.diagnostics.suggest import nearest
from specc.loader import SUFFIX
from specc.textwidth import wrap

EXAMPLES = """\
examples:
  specc zoo
  specc zoo resnet > resnet.cnn
  specc check "$(specc zoo --path resnet)" --model ResNet50
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="print this spec")
    parser.add_argument("--path", action="store_true", help="print where the spec's file is instead of its text")


def run(options: argparse.Namespace, console: Console) -> int:
    files = {path.stem: path for path in sorted(specs_folder().glob(f"*/*{SUFFIX}"))}
    if options.name is None:
        console.data(_listing(files, console.width))
        return OK
    path = files.get(options.name.removesuffix(SUFFIX).rpartition("/")[2])
    if path is None:
        hint = _hint(options.name, files)
        code = console.decide(BAD_REQUEST)
        console.note(f"specc zoo: there is no bundled spec {options.name}{hint}")
        return code
    console.data(f"{path}\n" if options.path else path.read_text(encoding="utf-8"))
    return OK


def _hint(name: str, files: dict[str, Path]) -> str:
    """The file that has a model of this name, or one of a name like it."""
    model = re.compile(rf"^model {re.escape(name)}\b", re.IGNORECASE | re.MULTILINE)
    holds = next((stem for stem, path in files.items() if model.search(path.read_text("utf-8"))), None)
    if holds is not None:
        return f"; {holds} has a model of that name"
    guess = nearest(name, files)
    return f"; did you mean {guess}?" if guess else "; `specc zoo` lists all"


def _listing(files: dict[str, Path], width: int) -> str:
    """The specs by folder, each with its network and paper in as many lines as it takes."""
    lines = []
    for folder in sorted({path.parent for path in files.values()}):
        lines.append(f"{folder.name}/")
        for name, path in files.items():
            if path.parent == folder:
                head, *rest = wrap(_summary(path), max(width - 17, 20)) or [""]
                lines.append(f"  {name:<14} {head}")
                lines.extend(f"{'':17}{line}" for line in rest)
    return "\n".join(lines) + "\n"


def _summary(path: Path) -> str:
    """The comment that the file begins with, its first line."""
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.lstrip("# ").strip() if first.startswith("#") else ""
