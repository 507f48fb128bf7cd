"""What a run writes, and a classifier's best answers."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from specc.runtime.outputs import Unequal, output_file, top_k

RESULTS = {"scores": np.array([[0.1, 0.7, 0.2], [0.5, 0.5, np.inf]], np.float32)}
SOURCES = ("a.png", "b.png")


def test_the_best_come_first_and_ties_by_index():
    best = top_k(np.array([[0.1, 0.45, 0.45]]), 2, ["cat", "dog", "owl"])
    assert [(answer.index, answer.label) for answer in best[0]] == [(1, "dog"), (2, "owl")]


def written(path: Path, *batches, kind: str | None = None) -> Path:
    """The file after every batch (sources, results) has been added."""
    with output_file(path, kind or path.suffix[1:]) as sink:
        for sources, results in batches:
            sink.add(sources, results)
    return path


IN_TWO = [(SOURCES[:1], {"scores": RESULTS["scores"][:1]}), (SOURCES[1:], {"scores": RESULTS["scores"][1:]})]


def test_archives_hold_outputs_and_sources(tmp_path):
    with np.load(written(tmp_path / "o.npz", *IN_TWO)) as archive:
        np.testing.assert_array_equal(archive["scores"], RESULTS["scores"])
        assert archive["scores"].dtype == np.float32
        assert tuple(archive["sources"]) == SOURCES


def test_json_has_one_entry_per_item(tmp_path):
    items = json.loads(written(tmp_path / "o.json", *IN_TWO).read_text())
    assert [item["source"] for item in items] == list(SOURCES)
    assert items[1]["outputs"]["scores"] == [0.5, 0.5, None]
    lines = written(tmp_path / "o.jsonl", *IN_TWO).read_text().splitlines()
    assert [json.loads(line) for line in lines] == items


def test_csv_has_one_row_per_item(tmp_path):
    path = written(tmp_path / "o.csv", (SOURCES, {"scores": np.array([[1.0, 2.5], [3.0, -0.0]])}))
    assert path.read_text() == "source,scores[0],scores[1]\na.png,1.0,2.5\nb.png,3.0,-0.0\n"


@pytest.mark.parametrize("kind", ["npz", "json", "jsonl", "csv"])
def test_the_sizes_of_batches_do_not_show(tmp_path, kind):
    whole = written(tmp_path / "whole", (SOURCES, RESULTS), kind=kind)
    assert written(tmp_path / "parts", *IN_TWO, kind=kind).read_bytes() == whole.read_bytes()


OTHER_SIZE = (("c.png",), {"scores": np.zeros((1, 4), np.float32)})


@pytest.mark.parametrize("kind", ["npz", "csv"])
def test_results_of_several_sizes_leave_the_old_file(tmp_path, kind):
    (tmp_path / "o").write_text("old")
    with pytest.raises(Unequal, match="`scores` is 3 and 4"):
        written(tmp_path / "o", (SOURCES, RESULTS), OTHER_SIZE, kind=kind)
    assert [path.name for path in tmp_path.iterdir()] == ["o"]
    assert (tmp_path / "o").read_text() == "old"


def test_json_holds_results_of_several_sizes(tmp_path):
    items = json.loads(written(tmp_path / "o.json", (SOURCES, RESULTS), OTHER_SIZE).read_text())
    assert [len(item["outputs"]["scores"]) for item in items] == [3, 3, 4]


def test_an_archive_keeps_its_values_out_of_memory(tmp_path):
    rows = np.zeros((1, 125_000), np.float32)
    tracemalloc.start()
    written(tmp_path / "o.npz", *((["x"], {"y": rows}) for _ in range(40)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (tmp_path / "o.npz").stat().st_size > 40 * rows.nbytes
    assert peak < 10 * rows.nbytes


@pytest.mark.parametrize("kind", ["npz", "json", "jsonl", "csv"])
def test_a_missing_folder_is_an_error(tmp_path, kind):
    with pytest.raises(FileNotFoundError):
        written(tmp_path / "no" / "o", (SOURCES, RESULTS), kind=kind)
