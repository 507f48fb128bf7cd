"""The tour of the README and the pages on weights, Python and deploying do what they say."""

import json
import re
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from pages import ROOT, check_page, first_spec

from specc.analysis.summary import Layer, Summary, Totals


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


@pytest.mark.parametrize(("value", "kind"), [("m.summary", Summary), ("totals", Totals), ("layers", Layer)])
def test_the_page_on_python_names_every_field(value: str, kind: type) -> None:
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    table = re.search(rf"^\| of `[\w.]*{re.escape(value)}(?:\[0\])?` .*?\n\n", text, re.M | re.S)
    assert table
    named = {name for first in re.findall(r"^\|(.*?)\|", table[0], re.M)[2:] for name in re.findall(r"`(\w+)`", first)}
    assert named == {name for name in dir(kind) if not name.startswith("_") and name not in ("count", "index")}


def test_the_page_on_deploying(tmp_path: Path) -> None:
    """Its example runs both files, and its tables have every key and every field that they hold."""
    page = ROOT / "docs" / "deploy.md"
    text = page.read_text(encoding="utf-8")
    example = re.search(r"^```python\n(.*?)^```$", text, re.M | re.S)
    assert example
    (tmp_path / "photos.cnn").write_text(first_spec(page), encoding="utf-8")
    (tmp_path / "deploy.py").write_text(example[1], encoding="utf-8")
    check_page(page, tmp_path)
    models = [onnx.load(tmp_path / name) for name in ("photos.onnx", "pixels.onnx", "untrained.onnx")]
    held = {entry.key for model in models for entry in model.metadata_props}
    held |= {entry.key for model in models for node in model.graph.node for entry in node.metadata_props}
    held |= {"specc.buffers"}  # of specs with `buffer=true`
    assert held == set(re.findall(r"`(specc\.\w+)`", text))
    values = [entry.value for entry in models[1].metadata_props if entry.value.startswith(("[", "{"))]
    fields = {name for value in values for item in _objects(json.loads(value)) for name in item}
    assert fields <= set(re.findall(r"^\| `(.*?)`", text.replace("`, `", "` |\n| `"), re.M))


def _objects(value: object) -> list[dict[str, object]]:
    """The objects in a list, or the one that `value` is, if it has no names of tensors."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if "seed" in item or "name" in item]


def test_the_python_example(tmp_path: Path) -> None:
    page = ROOT / "README.md"
    (tmp_path / "lenet5.cnn").write_text(first_spec(page), encoding="utf-8")
    code = re.search(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
    assert code
    done = subprocess.run([sys.executable, "-c", code[1]], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["61706 416520 6x28x28", "(1, 10)", "True"], done.stderr
