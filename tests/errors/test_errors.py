"""What a mistake gets: every page in this folder shows sources, the command, and the exact text that the user sees.

A page is a Markdown file of cases.  A case is a heading, files (```` ```cnn net.cnn ````), where it is not
`specc check net.cnn` the command lines (```` ```sh ````), limits to lower (```` ```limits ````), and what stands on
standard error, with the exit code.  `SPECC_UPDATE_SNAPSHOTS=1 pytest tests/errors` rewrites the outputs; read the
difference before committing it.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from specc.cli import main, spec_arguments
from specc.diagnostics import CODES
from specc.limits import DEFAULT_LIMITS

PAGES = sorted(Path(__file__).parent.glob("*.md"))
SHOWN_ELSEWHERE = {
    "E0804",  # in tests/weights: the command line takes no mapping files
    "E0902",  # in tests/verify: whether there is a GPU depends on the machine
    "E0906",  # in tests/weights: all optional packages are there when tests run
}
UPDATE = os.environ.get("SPECC_UPDATE_SNAPSHOTS") == "1"
CASE = re.compile(r"^## (?P<title>.*?)\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(?P<kind>\w+)(?: (?P<rest>[^\n]*))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Case:
    """One heading of a page."""

    page: Path
    title: str
    body: str

    def blocks(self, kind: str) -> list[tuple[str, str]]:
        return [(m["rest"] or "", m["text"]) for m in BLOCK.finditer(self.body) if m["kind"] == kind]

    @property
    def commands(self) -> list[str]:
        scripts = self.blocks("sh")
        return scripts[0][1].splitlines() if scripts else ["specc check net.cnn"]


def cases() -> Iterator[Case]:
    for page in PAGES:
        for found in CASE.finditer(page.read_text(encoding="utf-8")):
            yield Case(page, found["title"], found["body"])


CASES = list(cases())


def set_limits(monkeypatch: pytest.MonkeyPatch, **bounds: str) -> None:
    """Small limits, so that going beyond them takes no time."""
    limits = DEFAULT_LIMITS._replace(**{name: int(bound) for name, bound in bounds.items()})
    monkeypatch.setattr(spec_arguments, "DEFAULT_LIMITS", limits)


def run(
    case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    """The exit code of the last `specc` line and what all of them print on standard error."""
    for name, text in case.blocks("cnn"):
        path = folder / (name or "net.cnn")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for _, text in case.blocks("limits"):
        set_limits(monkeypatch, **dict(line.split("=") for line in text.split()))
    code = 0
    capsys.readouterr()
    for line in case.commands:
        if line.startswith("specc "):
            code = main(shlex.split(line)[1:])
        else:
            subprocess.run(["bash", "-c", line], check=True, env={**os.environ, "PYTHON": sys.executable})
    return code, capsys.readouterr().err


def block(code: int, text: str) -> str:
    return f"```text exit={code}\n{text}```"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.page.stem}: {case.title}")
def test_case(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    code, err = run(case, tmp_path, monkeypatch, capsys)
    err = err.replace(str(tmp_path), "/home/me")
    if UPDATE:
        _rewrite(case, block(code, err))
    assert UPDATE or case.blocks("text") == [(f"exit={code}", err)]
    assert case.page.stem not in CODES or f"[{case.page.stem}]" in err


def _rewrite(case: Case, output: str) -> None:
    page = case.page.read_text(encoding="utf-8")
    start = page.index(f"## {case.title}\n{case.body}")
    body = re.sub(r"^```text.*?^```\n*", "", case.body, flags=re.MULTILINE | re.DOTALL).rstrip("\n")
    new = f"## {case.title}\n{body}\n\n{output}\n"
    end = start + len(f"## {case.title}\n{case.body}")
    page = page[:start] + new + ("\n" if page[end:] else "") + page[end:]
    case.page.write_text(page, encoding="utf-8")


def test_every_code_has_a_page() -> None:
    assert set(CODES) - {page.stem for page in PAGES} == SHOWN_ELSEWHERE


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_headed_by_its_code(page: Path) -> None:
    head = page.read_text(encoding="utf-8").splitlines()[0]
    assert page.stem not in CODES or head == f"# {page.stem}: {CODES[page.stem]}"
    titles = [case.title for case in CASES if case.page == page]
    assert titles
    assert len(set(titles)) == len(titles)
