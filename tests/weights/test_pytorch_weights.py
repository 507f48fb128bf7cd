"""PyTorch files: state dicts are read, and nothing in a file is ever run."""

import io
import os
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from specc.weights.files import read
from specc.weights.pickles import load_pickle
from specc.weights.tensors import Unreadable

torch = pytest.importorskip("torch", reason="PyTorch writes the files read here")

STATE = OrderedDict(
    [
        ("conv1.weight", torch.arange(12.0).reshape(3, 1, 2, 2)),
        ("conv1.bias", torch.tensor([1.0, -2.0, 0.5])),
        ("bn.running_mean", torch.ones(3, dtype=torch.float64)),
        ("bn.num_batches_tracked", torch.tensor(7)),
        ("empty", torch.zeros(0, 2)),
    ]
)


def saved(tmp_path, value, name="w.pth", **options):
    torch.save(value, tmp_path / name, **options)
    weights, diagnostics = read(tmp_path / name)
    return weights, [d.message for d in diagnostics]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"epoch": 3, "state_dict": state, "loss": [0.5, None, True]},
        lambda state: {"model": state, "optimizer": {"state": {0: {"step": 1}}, "param_groups": [{"lr": 0.1}]}},
        lambda state: {
            "arch": "net",
            "state_dict": state,
            "best_acc1": torch.tensor(76.1),
            "rng": {"t": torch.ones(9)},
        },
        lambda state: {"params": state, "epoch": torch.tensor([3])},
        lambda state: {"model": {"state_dict": state}, "optim": {"momentum": state}, "again": state},
        lambda state: {f"module.{name}": value for name, value in state.items()},
        lambda state: {name: torch.nn.Parameter(v, v.is_floating_point()) for name, v in state.items()},
    ],
    ids=["state dict", "checkpoint", "with optimizer", "imagenet", "other key", "nested", "DataParallel", "parameters"],
)
def test_state_dicts_and_the_checkpoints_around_them(tmp_path, wrap):
    weights, messages = saved(tmp_path, wrap(STATE))
    assert not messages
    assert list(weights) == list(STATE)
    for name, tensor in STATE.items():
        if tensor.is_floating_point():
            np.testing.assert_array_equal(weights[name], tensor.float().numpy())


@pytest.mark.parametrize(
    ("checkpoint", "message"),
    [
        ({"net": STATE, "model": dict(STATE)}, "it holds 2 state dicts, `net`, `model`; save the one that is meant"),
        ({"gan": {"g": STATE, "d": dict(STATE)}}, "it holds 2 state dicts, `gan.g`, `gan.d`; save the one that is"),
        ({"epoch": 3, "history": [1]}, "it holds no state dict; its keys are `epoch`, `history`"),
    ],
)
def test_checkpoints_that_do_not_say_which_tensors_are_meant(tmp_path, checkpoint, message):
    weights, (told,) = saved(tmp_path, checkpoint)
    assert weights is None
    assert message in told


@pytest.mark.parametrize("name", ["w.ckpt", "w.pth.tar", "pytorch_model.bin", "w"])
def test_other_suffixes_are_told_by_their_content(tmp_path, name):
    weights, messages = saved(tmp_path, STATE, name)
    assert not messages
    assert list(weights) == list(STATE)


def test_the_state_of_a_module(tmp_path):
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    weights, _ = saved(tmp_path, module.state_dict())
    assert list(weights)[:3] == ["0.weight", "0.bias", "1.weight"]
    np.testing.assert_array_equal(weights["0.weight"], module[0].weight.detach().numpy())


@pytest.mark.parametrize(
    "view",
    [lambda t: t.T, lambda t: t[:, 1:], lambda t: t[2], lambda t: t[0].expand(3, 4)],
    ids=["transposed", "columns", "row", "expanded"],
)
def test_views_of_a_storage(tmp_path, view):
    tensor = view(torch.arange(12.0).reshape(3, 4))
    weights, _ = saved(tmp_path, {"w": tensor})
    np.testing.assert_array_equal(weights["w"], tensor.numpy())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_converted(tmp_path, dtype):
    tensor = torch.tensor([1.0, -2.5, 0.1], dtype=dtype)
    weights, _ = saved(tmp_path, {"w": tensor})
    assert weights.tensors["w"].dtype == str(dtype).removeprefix("torch.")
    np.testing.assert_array_equal(weights["w"], tensor.float().numpy())


def test_a_tensor_alone_is_named_after_its_file(tmp_path):
    weights, _ = saved(tmp_path, torch.ones(2), "conv1.bias.pt")
    assert list(weights) == ["conv1.bias"]


class Hostile:
    def __reduce__(self):
        return os.mkdir, ("pwned",)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (Hostile(), "the Python object `posix.mkdir`"),
        ({"w": Hostile()}, "the Python object `posix.mkdir`"),
        (torch.nn.Linear(1, 1), "the Python object `torch.nn.modules.linear.Linear`"),
        ([1, 2], "no state dict"),
        ({}, "no state dict"),
        ({"w": torch.zeros(1000)[:2].clone().as_strided((2,), (1,)), "x": torch.zeros(1000)[::999]}, "thin slice"),
    ],
)
def test_what_is_no_state_dict_is_refused_and_nothing_runs(tmp_path, monkeypatch, value, reason):
    monkeypatch.chdir(tmp_path)
    weights, (message,) = saved(tmp_path, value)
    assert weights is None
    assert reason in message
    assert not (tmp_path / "pwned").exists()


def test_the_old_format_says_what_to_do(tmp_path):
    _, (message,) = saved(tmp_path, STATE, _use_new_zipfile_serialization=False)
    assert "before 1.6" in message


def rewritten(tmp_path, change=lambda _, data: data, compression=zipfile.ZIP_STORED, **added):
    """A state dict whose members went through `change(name, data)`; `None` drops one."""
    stream = io.BytesIO()
    torch.save({"w": torch.ones(8)}, stream)
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(tmp_path / "w.pt", "w", compression) as new:
        for info in old.infolist():
            data = change(info.filename.split("/", 1)[1], old.read(info))
            if data is not None:
                new.writestr(info.filename, data)
        for name, data in added.items():
            new.writestr(old.namelist()[0].split("/")[0] + "/" + name, data)
    weights, diagnostics = read(tmp_path / "w.pt")
    return weights, diagnostics[0].message if diagnostics else ""


@pytest.mark.parametrize(
    ("member", "data", "reason"),
    [
        ("data.pkl", None, "no PyTorch data"),
        ("data.pkl", b"\x80\x02.", "malformed"),
        ("data.pkl", b"\x80\x02}q", "malformed"),
        ("data.pkl", b"garbage", "malformed"),
        ("data.pkl", bytes(17 << 20), "takes 17825792 bytes"),
        ("data/0", None, "missing or cut off"),
        ("data/0", bytes(31), "missing or cut off"),
        ("byteorder", b"big", "big-endian"),
    ],
)
def test_damaged_archives(tmp_path, member, data, reason):
    weights, message = rewritten(tmp_path, lambda name, old: data if name == member else old)
    assert weights is None
    assert reason in message


def test_programs_are_refused(tmp_path):
    assert "TorchScript program" in rewritten(tmp_path, **{"code/net.py": b""})[1]


def test_compressed_storages_are_refused_because_they_may_be_bombs(tmp_path):
    _, message = rewritten(tmp_path, compression=zipfile.ZIP_DEFLATED)
    assert "compressed" in message


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps({("a", "b"): 1}, 2),
        pickle.dumps(os.system, 2),
        pickle.dumps(os.system, 4),
        pickle.dumps(Hostile(), 2),
        b"\x80\x02" + b"(" * 3 + b"R.",
        b"\x80\x02ccollections\nOrderedDict\nR.",
        b"\x80\x02ctorch\nFloatStorage\n)R.",
        b"\x80\x02r\xff\xff\xff\xff.",
        b"(i os\nsystem\n.",
    ],
)
def test_pickles_that_are_no_state_dicts(data):
    with pytest.raises(Unreadable):
        load_pickle(data)


def test_shared_nests_are_not_unfolded():
    """Sixty doublings would take for ever to hash or print."""
    nest = b"\x80\x04)" + b"".join(b"q\x00h\x00\x86" for _ in range(60))
    with pytest.raises(Unreadable):
        load_pickle(nest + b"}q\x01" + b"h\x00h\x00s.")
