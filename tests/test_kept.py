"""Sessions that stay open from run to run, and what may never come from one that should not."""

from __future__ import annotations

import copy
import os
import pickle
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import specc
import specc.inference
import specc.memory
import specc.weights
from specc.kept import Kept

X = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)


@pytest.fixture
def model() -> specc.Model:
    return specc.loads("model M { input x 4; dense 3; scale weight=[1, 2, 3] }")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The device of each session that is opened."""
    found: list[str] = []
    real = specc.inference.open_inference

    def counted(*arguments: Any, **others: Any) -> Any:
        found.append(others["device"])
        return real(*arguments, **others)

    monkeypatch.setattr(specc.inference, "open_inference", counted)
    return found


def _arrays(model: specc.Model) -> dict[str, np.ndarray[Any, Any]]:
    return {name: array.copy() for name, array in model.weights(seed=2).items()}


def _filed(model: specc.Model, folder: Path) -> Path:
    specc.weights.write(model.weights(seed=2), folder / "w.npz")
    return folder / "w.npz"


SAME: dict[str, Callable[[specc.Model, Path], list[dict[str, Any]]]] = {
    "nothing": lambda m, _: [{}, {"seed": 0}, {"seed": np.int64(0)}],
    "seeded weights": lambda m, _: [{"weights": m.weights(seed=2)}, {"weights": m.weights(seed=2), "seed": 5}],
    "equal arrays": lambda m, _: [{"weights": _arrays(m)}, {"weights": _arrays(m)}],
    "a file, and what it holds": lambda m, folder: [
        {"weights": _filed(m, folder)},
        {"weights": m.weights(_filed(m, folder))},
        {"weights": _arrays(m)},
    ],
}


@pytest.mark.parametrize("runs", SAME.values(), ids=SAME)
def test_one_session_for_equal_weights(runs: Any, model: specc.Model, opened: list[str], tmp_path: Path) -> None:
    results = [model.run(X, device="cpu", **arguments) for arguments in runs(model, tmp_path)]
    assert opened == ["cpu"]
    assert all((result == results[0]).all() for result in results)


def test_what_changes_is_seen(model: specc.Model, opened: list[str], tmp_path: Path) -> None:
    arrays = _arrays(model)
    held = model.weights(arrays)
    file = _filed(model, tmp_path)
    before = model.run(X, weights=held, device="cpu")
    arrays["dense1.bias"] += 1  # in place, as training does
    assert_close(model.run(X, weights=held, device="cpu"), before + np.array([1, 2, 3]))
    specc.weights.write(specc.weights.Weights.of({**_arrays(model), "dense1.bias": np.full(3, 2.0)}), file)
    changed = model.run(X, weights=file, device="cpu")
    specc.weights.write(specc.weights.Weights.of(_arrays(model)), file)
    assert_close(changed, model.run(X, weights=file, device="cpu") + np.array([2, 4, 6]))
    assert (model.run(X, seed=3, device="cpu") != model.run(X, seed=4, device="cpu")).any()
    model.run(X, seed=4)
    assert opened == ["cpu"] * 6 + ["auto"]


def assert_close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_frozen_weights_stay_what_they_were(model: specc.Model, opened: list[str], tmp_path: Path) -> None:
    arrays = _arrays(model)
    held, expected = model.weights(arrays).frozen(), model.run(X, weights=arrays, device="cpu")
    arrays["dense1.bias"] += 1
    with pytest.raises(ValueError, match="read-only"):
        held["dense1.bias"][0] = 1
    assert (model.run(X, weights=held, device="cpu") == expected).all()
    assert (model.run(X, weights=held, device="cpu") == expected).all()
    assert opened == ["cpu"] * 2
    file = model.weights(_filed(model, tmp_path)).frozen()
    (tmp_path / "w.npz").unlink()
    assert (model.run(X, weights=file, device="cpu") == expected).all()


def test_weights_that_cannot_be_read_any_more_are_an_error_as_before(model: specc.Model, tmp_path: Path) -> None:
    weights = model.weights(_filed(model, tmp_path))
    model.run(X, weights=weights, device="cpu")
    (tmp_path / "w.npz").unlink()
    with pytest.raises(specc.SpecError, match="E0802"):
        model.run(X, weights=weights, device="cpu")


def test_weights_that_are_loaded_need_no_memory_again(model: specc.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    totals = model.summary.totals
    values = len(X) * int(totals.peak_activation_bytes)
    monkeypatch.setattr(specc.memory, "available", lambda: values + totals.weight_bytes)
    model.run(X, device="cpu")
    monkeypatch.setattr(specc.memory, "available", lambda: values)
    model.run(X, device="cpu")
    with pytest.raises(specc.SpecError, match="E0706"):
        model.run(X, seed=1, device="cpu")


def test_threads_share_a_session(model: specc.Model, opened: list[str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: model.run(X, device="cpu"), range(32)))
    assert opened == ["cpu"]
    assert all((result == results[0]).all() for result in results)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_models_that_have_run_can_be_copied(copied: Any, model: specc.Model) -> None:
    expected = model.run(X, device="cpu")
    other = copied(model)
    assert other.graph == model.graph
    assert (other.run(X, device="cpu") == expected).all()


def test_the_one_before_is_given_up_first_and_a_failure_keeps_nothing() -> None:
    class Value:
        pass

    kept: Kept[Value] = Kept()
    first = weakref.ref(kept.get(1, Value)[0])

    def fails() -> Value:
        assert first() is None
        raise ValueError

    with pytest.raises(ValueError):
        kept.get(2, fails)
    assert [kept.get(2, Value)[1], kept.get(2, Value)[1]] == [False, True]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_child_gets_no_session_and_no_lock_of_another_thread() -> None:
    kept: Kept[str] = Kept()
    kept.get(1, lambda: "parent's")
    inside, leave = threading.Event(), threading.Event()

    def slow() -> str:
        inside.set()
        leave.wait(10)
        return "thread's"

    thread = threading.Thread(target=kept.get, args=(2, slow))
    thread.start()
    inside.wait(10)
    child = os.fork()
    if not child:
        os._exit(kept.get(1, lambda: "child's") != ("child's", False))
    leave.set()
    thread.join()
    assert os.waitpid(child, 0)[1] == 0
