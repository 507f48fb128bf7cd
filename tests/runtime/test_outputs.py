"""What a run writes, and a classifier's best answers."""

from __future__ import annotations

import json

import numpy as np
import pytest

from specc.runtime.outputs import top_k, write_outputs

RESULTS = {"scores": np.array([[0.1, 0.7, 0.2], [0.5, 0.5, np.inf]], np.float32)}
SOURCES = ("a.png", "b.png")


def test_the_best_come_first_and_ties_by_index():
    best = top_k(np.array([[0.1, 0.45, 0.45]]), 2, ["cat", "dog", "owl"])
    assert [(answer.index, answer.label) for answer in best[0]] == [(1, "dog"), (2, "owl")]


def test_archives_hold_outputs_and_sources(tmp_path):
    assert write_outputs(tmp_path / "o.npz", "npz", SOURCES, RESULTS) == ()
    with np.load(tmp_path / "o.npz") as archive:
        np.testing.assert_array_equal(archive["scores"], RESULTS["scores"])
        assert tuple(archive["sources"]) == SOURCES


def test_json_has_one_entry_per_item(tmp_path):
    write_outputs(tmp_path / "o.json", "json", SOURCES, RESULTS)
    items = json.loads((tmp_path / "o.json").read_text())
    assert [item["source"] for item in items] == list(SOURCES)
    assert items[1]["outputs"]["scores"] == [0.5, 0.5, None]


def test_csv_has_one_row_per_item(tmp_path):
    write_outputs(tmp_path / "o.csv", "csv", SOURCES, {"scores": np.array([[1.0, 2.5], [3.0, -0.0]])})
    assert (tmp_path / "o.csv").read_text() == "source,scores[0],scores[1]\na.png,1.0,2.5\nb.png,3.0,-0.0\n"


@pytest.mark.parametrize("kind", ["npz", "json", "csv"])
def test_a_missing_folder_is_an_error(tmp_path, kind):
    (diagnostic,) = write_outputs(tmp_path / "no" / "o", kind, SOURCES, RESULTS)
    assert diagnostic.code == "E0904"
