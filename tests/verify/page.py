"""The parts of docs/verification.md that are made from the code.

`python -m tests.verify.page` renews all but the faults; `python -m tests.verify.page faults` also injects every
fault (a minute or two) and renews their table.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from specc.ops import OPS
from specc.ops.base import Op
from specc.ops.families import Activation
from specc.ops.merge_base import Merge
from specc.verify.deviations import KNOWN
from specc.verify.probes import KINDS, QUICK

PAGE = Path(__file__).parents[2] / "docs" / "verification.md"
CONFORMANCE = PAGE.with_name("conformance.md")


def bounds() -> str:
    """Each operation's bound, from the docstrings of `error_bound` and `rounding`."""
    lines = ["| operation | largest error allowed, element by element |", "|---|---|"]
    lines += [f"| `{op.word}` | {_cell(_bound(op))} |" for op in OPS]
    return "\n".join(lines) + "\n"


def probes() -> str:
    lines = ["| inputs | by default | |", "|---|---|---|"]
    for name, make in KINDS.items():
        doc = inspect.getdoc(make) or NAMES[name]
        lines.append(f"| `{name}` | {'yes' if name in QUICK else ''} | {_cell(doc)} |")
    return "\n".join(lines) + "\n"


NAMES = {
    "normal": "Standard normal values.",
    "zeros": "Nothing but 0.",
    "denormals": "Normal values times 2^-128.",
}


def deviations() -> str:
    lines = ["| name | operations | what happens | why it is no fault of the model |", "|---|---|---|---|"]
    for item in KNOWN.values():
        words = ", ".join(f"`{word}`" for word in item.words)
        lines.append(f"| `{item.name}` | {words} | {_cell(item.what)} | {_cell(item.why)} |")
    return "\n".join(lines) + "\n"


def conformance() -> str:
    """The table of docs/conformance.md, which `python -m specc.conformance` writes."""
    heading = "| operator | passed | declined | failed |"
    _, _, below = CONFORMANCE.read_text(encoding="utf-8").partition(heading)
    return heading + below.partition("\n\n")[0] + "\n"


def faults() -> str:
    from tests.verify.sabotage import table, trials

    return table(trials())


CHEAP = {"bounds": bounds, "inputs": probes, "deviations": deviations, "conformance": conformance}


def renewed(text: str, name: str, content: str) -> str:
    """`text` with the part between the markers of `name` replaced."""
    begin, end = f"<!-- made: {name} -->\n", f"<!-- end: {name} -->"
    before, rest = text.split(begin)
    return before + begin + "\n" + content + "\n" + end + rest.split(end)[1]


def _bound(op: type[Op]) -> str:
    own = op.rounding if issubclass(op, Activation | Merge) else op.error_bound
    return inspect.getdoc(own) or ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _parts(names: list[str]) -> Iterator[tuple[str, str]]:
    yield from ((name, make()) for name, make in CHEAP.items())
    if "faults" in names:
        yield "faults", faults()


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    for name, content in _parts(sys.argv[1:]):
        page = renewed(page, name, content)
    PAGE.write_text(page, encoding="utf-8")
