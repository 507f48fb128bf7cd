"""Files: the same bytes everywhere, whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import weakref
from functools import partial
from pathlib import Path
from threading import Thread

import numpy as np
import onnx
import pytest
from graphs import layer, network, numbers, random_weights, shape

from specc.inference import open_session
from specc.interpreter import interpret
from specc.onnx import emit, emit_model, to_bytes, write_model
from specc.onnx.precision import FLOAT16, Counted
from specc.onnx.write import apart, fed
from specc.runtime.session import session
from specc.weights.tensors import Tensor, Unreadable, Weights

GRAPH = network(
    shape(3, 8, 8),
    ("conv1", layer("conv", channels=16, kernel=(3,), border="edge", pad=(1,))),
    ("relu1", layer("relu")),
    ("flatten1", layer("flatten")),
    ("dense1", layer("dense", units=10)),
)
WEIGHTS = random_weights(GRAPH)

HASH = """
import hashlib, sys
sys.path.insert(0, {folder!r})
from test_write import GRAPH, WEIGHTS
from specc.onnx import emit, to_bytes
data, _ = to_bytes(emit(GRAPH)[0], WEIGHTS)
print(hashlib.sha256(data).hexdigest())
"""


def test_the_same_bytes_in_every_process():
    code = HASH.format(folder=str(Path(__file__).parent))
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_streamed_bytes_are_what_protobuf_writes():
    model, _ = emit_model(GRAPH, WEIGHTS)
    streamed, _ = to_bytes(emit(GRAPH)[0], WEIGHTS)
    assert streamed == model.SerializeToString(deterministic=True)
    assert streamed == to_bytes(model)[0]


@pytest.mark.parametrize("given", [lambda weights: weights, lambda weights: Counted(weights, FLOAT16)])
@pytest.mark.parametrize("limit", [10_000, 2**31])
def test_weights_are_made_once_and_gone_before_the_next_is_made(tmp_path, limit, given):
    alive: list[weakref.ref] = []

    def load(name):
        assert all(tensor() is None for tensor in alive)
        array = WEIGHTS[name].copy()
        alive.append(weakref.ref(array))
        return array

    tensors = {name: Tensor(array.shape, partial(load, name)) for name, array in WEIGHTS.items()}
    assert write_model(emit(GRAPH)[0], given(Weights(tensors)), tmp_path / "m.onnx", limit=limit) == ()
    assert len(alive) == len(WEIGHTS)


def test_weights_are_fetched_one_at_a_time(tmp_path):
    class Lazy(dict):
        fetched: list[str] = []  # noqa: RUF012

        def __getitem__(self, name):
            self.fetched.append(name)
            return super().__getitem__(name)

    lazy = Lazy(WEIGHTS)
    assert write_model(emit(GRAPH)[0], lazy, tmp_path / "m.onnx") == ()
    assert lazy.fetched == list(WEIGHTS)


@pytest.mark.parametrize("prefilled", [False, True])
def test_large_weights_go_to_a_file_beside_the_model(tmp_path, prefilled):
    model = emit_model(GRAPH, WEIGHTS)[0] if prefilled else emit(GRAPH)[0]
    path = tmp_path / "net.onnx"
    assert write_model(model, WEIGHTS, path, limit=10_000) == ()
    data, written = sorted(tmp_path.iterdir())
    assert written == path
    assert data.name.startswith("net.")
    assert data.suffix == ".data"
    onnx.checker.check_model(str(path), full_check=True)
    x = numbers(2, 3, 8, 8)
    results, _ = session(path, device="cpu")[0].run({"image": x})
    np.testing.assert_allclose(
        results["dense1"], interpret(GRAPH, {"image": x}, WEIGHTS)["dense1"], rtol=1e-4, atol=1e-5
    )


def test_other_weights_make_another_data_file(tmp_path):
    for seed in (0, 1):
        assert write_model(emit(GRAPH)[0], random_weights(GRAPH, seed), tmp_path / "net.onnx", limit=10_000) == ()
    assert len(list(tmp_path.glob("*.data"))) == 2


def export(folder, weights):
    return write_model(emit(GRAPH)[0], weights, folder / "m.onnx", limit=10_000)


def loads(folder):
    """Whether the model in `folder` finds its data, and nothing else lies there."""
    model = onnx.load(folder / "m.onnx")
    return len(list(folder.iterdir())) == 2 and len(model.graph.initializer) > 0


class TestFailures:
    def test_a_missing_folder(self, tmp_path):
        (diagnostic,) = write_model(emit(GRAPH)[0], WEIGHTS, tmp_path / "nowhere" / "m.onnx")
        assert diagnostic.code == "E0904"

    def test_a_folder_in_the_way(self, tmp_path):
        (tmp_path / "m.onnx").mkdir()
        (diagnostic,) = write_model(emit(GRAPH)[0], WEIGHTS, tmp_path / "m.onnx")
        assert diagnostic.code == "E0904"

    @pytest.mark.parametrize("limit", [10_000, 2**31])
    def test_weights_that_fail_half_way_leave_the_old_file(self, tmp_path, limit):
        path = tmp_path / "m.onnx"
        path.write_bytes(b"old")
        short = {name: array for name, array in WEIGHTS.items() if name != "dense1.weight"}
        (diagnostic,) = write_model(emit(GRAPH)[0], short, path, limit=limit)
        assert diagnostic.code == "E0801"
        assert path.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize(
        ("error", "code", "says"),
        [
            (Unreadable("it is cut off"), "E0802", "cannot read weight `conv1.weight`: it is cut off"),
            (OSError(5, "Input/output error"), "E0802", "cannot read weight `conv1.weight`: Input/output error"),
        ],
    )
    def test_weights_whose_file_fails_when_they_are_fetched(self, tmp_path, error, code, says):
        class Failing(dict):
            def __getitem__(self, name):
                raise error

        (written,) = write_model(emit(GRAPH)[0], Failing(WEIGHTS), tmp_path / "m.onnx")
        _, _, (held,) = apart(emit(GRAPH)[0], Failing(WEIGHTS))
        assert (written.code, written.message) == (held.code, held.message) == (code, says)

    def test_weights_are_constants_in_a_session_or_inputs_of_every_run(self):
        x = numbers(2, 3, 8, 8)
        found = []
        for constant in (True, False):
            opened, diagnostics = open_session(emit(GRAPH)[0], WEIGHTS, optimise=False, constant=constant)
            assert not diagnostics
            assert ("dense1.weight" in opened.inputs) is not constant
            results, diagnostics = opened.run({"image": x})
            assert not diagnostics
            found.extend(results.values())
        np.testing.assert_allclose(*found, rtol=1e-5)

    def test_a_data_file_that_was_there_before_stays(self, tmp_path):
        assert write_model(emit(GRAPH)[0], WEIGHTS, tmp_path / "m.onnx", limit=10_000) == ()
        (tmp_path / "m.onnx").unlink()
        (tmp_path / "m.onnx").mkdir()
        assert write_model(emit(GRAPH)[0], WEIGHTS, tmp_path / "m.onnx", limit=10_000) != ()
        assert len(list(tmp_path.glob("*.data"))) == 1

    def test_the_data_of_another_export_that_ended_meanwhile_stays(self, tmp_path):
        class Failing(dict):
            def __getitem__(self, name):
                if name == "dense1.bias":  # small: it is read when the data file is there
                    raise OSError(28, "No space left on device")
                if name == "dense1.weight" and not (tmp_path / "m.onnx").exists():
                    assert export(tmp_path, WEIGHTS) == ()
                return super().__getitem__(name)

        assert export(tmp_path, Failing(WEIGHTS)) != ()
        assert loads(tmp_path)

    def test_the_data_of_another_export_that_is_under_way_stays(self, tmp_path):
        others = []

        class Failing(dict):
            def __getitem__(self, name):
                if name == "dense1.bias":
                    others.append(Thread(target=export, args=(tmp_path, WEIGHTS)))
                    others[0].start()
                    others[0].join(0.3)  # without a lock it would end here, pointing to a file that is about to go
                    raise OSError(28, "No space left on device")
                return super().__getitem__(name)

        assert export(tmp_path, Failing(WEIGHTS)) != ()
        others[0].join()
        assert loads(tmp_path)

    def test_a_model_that_fails_takes_its_data_file_with_it(self, tmp_path):
        path = tmp_path / "m.onnx"
        path.mkdir()
        (diagnostic,) = write_model(emit(GRAPH)[0], WEIGHTS, path, limit=10_000)
        assert diagnostic.code == "E0904"
        assert list(tmp_path.iterdir()) == [path]


def test_weights_are_fed_as_inputs_once():
    model, _ = emit(GRAPH)
    outside, arrays, _ = apart(model, WEIGHTS)
    again = fed(fed(outside))
    assert [item.name for item in again.graph.input] == ["image", *arrays]
    declared = fed(outside)
    declared.graph.initializer.extend(outside.graph.initializer)
    assert [item.name for item in fed(declared).graph.input] == ["image", *arrays]
