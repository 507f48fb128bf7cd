"""docs/command-line.md: its commands print what stands there, and its tables name every field of `--format json`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pages import ROOT, check_page, first_spec, run

PAGE = ROOT / "docs" / "command-line.md"
FREE = frozenset({"sizes", "devices", "outputs", "deviations"})
"""Fields whose value may be an object by names that a spec chooses."""

COMMANDS = {
    "check": ["specc check digits.cnn broken.cnn --format json"],
    "weights": ["specc weights digits.cnn --format json"],
    "weights --from": ["specc weights digits.cnn --from x.npz --format json"],
    "run": ["specc run digits.cnn -i x.npy --format json", "specc run digits.cnn -i x.npy --format json --top-k 2"],
    "verify": ["specc verify digits.cnn --format json"],
}


def test_the_commands_of_the_page(tmp_path: Path) -> None:
    (tmp_path / "digits.cnn").write_text(first_spec(PAGE), encoding="utf-8")
    check_page(PAGE, tmp_path)


@pytest.mark.parametrize("section", COMMANDS)
def test_every_field_has_its_row(section: str, tmp_path: Path) -> None:
    (tmp_path / "digits.cnn").write_text(first_spec(PAGE), encoding="utf-8")
    (tmp_path / "broken.cnn").write_text("let a = 1\nlet a = 2\n", encoding="utf-8")
    run(
        "python -c \"import numpy as np; np.save('x', np.zeros((1, 12, 12), 'f4')); np.savez('x', y=np.zeros(3))\"",
        tmp_path,
    )
    printed = (run(f"{command} 2> {tmp_path / 'err'}", tmp_path) for command in COMMANDS[section])
    fields = {field for text in printed for field in _fields(json.loads(text))}
    assert fields == set(_named(section))


def _fields(value: Any, name: str = "") -> Iterator[str]:
    """The names of fields of objects, however deep."""
    if isinstance(value, list):
        for item in value:
            yield from _fields(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if name not in FREE:
                yield key
            yield from _fields(item, key)


def _named(section: str) -> Iterator[str]:
    """The fields that stand in the tables of a section: first cells, and the objects that second cells speak of."""
    text = re.search(rf"^### {re.escape(section)}\n(.*?)(?=^##)", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert text
    for first, second in re.findall(r"^\| (`.*?) \| (.*) \|$", text[1], re.M):
        yield from re.findall(r"`(\w+)`", first)
        described = re.search(r"objects with (.*)", second)
        yield from re.findall(r"`(\w+)`", described[1]) if described else ()
