"""The tour of the README and the page on weights do what they say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pages import ROOT, check_page, first_spec


@pytest.mark.parametrize(("page", "spec"), [("README.md", "lenet5.cnn"), ("docs/weights.md", "digits.cnn")])
def test_commands(page: str, spec: str, tmp_path: Path) -> None:
    (tmp_path / spec).write_text(first_spec(ROOT / page), encoding="utf-8")
    check_page(ROOT / page, tmp_path)


def test_the_page_on_python(tmp_path: Path) -> None:
    page = ROOT / "docs" / "python.md"
    (tmp_path / "digits.cnn").write_text(first_spec(page), encoding="utf-8")
    code = "".join(re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S))
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_python_example(tmp_path: Path) -> None:
    page = ROOT / "README.md"
    (tmp_path / "lenet5.cnn").write_text(first_spec(page), encoding="utf-8")
    code = re.search(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
    assert code
    done = subprocess.run([sys.executable, "-c", code[1]], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["61706 416520 6x28x28", "(1, 10)", "True"], done.stderr
