"""Reading weights from files, and refusing files that are not what they claim."""

import io
import json
import pickle
import struct
import warnings
import zipfile

import numpy as np
import pytest

from specc.weights.files import read
from specc.weights.tensors import Weights
from specc.weights.write import write

ARRAYS = {
    "conv1.weight": np.arange(12, dtype=np.float32).reshape(3, 1, 2, 2),
    "conv1.bias": np.array([1, -2, 0.5], dtype=np.float32),
    "empty": np.zeros((0, 3), dtype=np.float32),
    "scalar": np.float32(2.5).reshape(()),
}


def same(weights, arrays):
    assert list(weights) == list(arrays)
    for name, array in arrays.items():
        assert weights.shape(name) == array.shape
        assert weights[name].dtype == np.float32
        np.testing.assert_array_equal(weights[name], array.astype(np.float32))


def safetensors(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def npy(shape="(2,)", descr="'<f4'", order="False", data=bytes(8)):
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def archive(members, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as out:
        for name, data in members:
            with warnings.catch_warnings(action="ignore"):  # of names given twice
                out.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_what_is_written_is_read_back(tmp_path, suffix):
    path = tmp_path / f"w{suffix}"
    assert write(Weights.of(ARRAYS), path) == ()
    weights, diagnostics = read(path)
    assert not diagnostics
    same(weights, ARRAYS)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_the_same_weights_give_the_same_bytes(tmp_path, suffix):
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    for path in (first, second):
        write(Weights.of(ARRAYS), path)
    assert first.read_bytes() == second.read_bytes()


def test_other_libraries_read_what_is_written(tmp_path):
    from safetensors.numpy import load_file

    write(Weights.of(ARRAYS), tmp_path / "w.npz")
    write(Weights.of(ARRAYS), tmp_path / "w.safetensors")
    same(Weights.of(dict(np.load(tmp_path / "w.npz"))), ARRAYS)
    loaded = load_file(tmp_path / "w.safetensors")
    same(Weights.of({name: loaded[name] for name in ARRAYS}), ARRAYS)


def test_arrays_that_are_not_contiguous_are_written_in_their_own_order(tmp_path):
    turned = np.arange(6, dtype=np.float32).reshape(2, 3).T
    write(Weights.of({"w": turned}), tmp_path / "w.safetensors")
    same(read(tmp_path / "w.safetensors")[0], {"w": turned})


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<f2"])
def test_npz_of_numpy(tmp_path, save, dtype):
    arrays = {"a": np.asfortranarray(np.arange(6).reshape(2, 3).astype(dtype)), "b": np.ones(2, dtype)}
    save(tmp_path / "w.npz", **arrays)
    weights, _ = read(tmp_path / "w.npz")
    same(weights, arrays)
    assert weights.tensors["a"].dtype == np.dtype(dtype).name


def test_a_single_npy_is_named_after_its_file(tmp_path):
    np.save(tmp_path / "conv1.weight.npy", ARRAYS["conv1.weight"])
    same(read(tmp_path / "conv1.weight.npy")[0], {"conv1.weight": ARRAYS["conv1.weight"]})


def test_bfloat16_is_the_upper_half_of_float32(tmp_path):
    values = np.array([1.0, -2.5, 3.0e38], dtype=np.float32)
    upper = (values.view(np.uint32) >> 16).astype("<u2")
    header = {"w": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}
    (tmp_path / "w.safetensors").write_bytes(safetensors(header, upper.tobytes()))
    weights, _ = read(tmp_path / "w.safetensors")
    np.testing.assert_allclose(weights["w"], values, rtol=2**-8)


def tensor(shape=(2,), start=0, end=8, dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


DATA = b"\0" * 16
BAD = {
    "empty.safetensors": (b"", "cut off"),
    "terabyte-header.safetensors": (safetensors(b"{}", length=1 << 40), "claims 1099511627776 bytes"),
    "negative-header.safetensors": (safetensors(b"{}", length=(1 << 64) - 1), "claims"),
    "not-json.safetensors": (safetensors(b"{,}"), "not JSON"),
    "deep-json.safetensors": (safetensors(b"[" * 100_000), "not JSON"),
    "huge-number.safetensors": (safetensors(b'{"a":' + b"9" * 10_000 + b"}"), "not JSON"),
    "list.safetensors": (safetensors(b"[]"), "not a JSON object"),
    "duplicate.safetensors": (safetensors(b'{"a":1,"a":2}'), "twice"),
    "terabyte-tensor.safetensors": (safetensors({"w": tensor((1 << 38,), 0, 1 << 40)}, DATA), "but the file holds 16"),
    "overlap.safetensors": (safetensors({"a": tensor(), "b": tensor((2,), 4, 12)}, DATA[:12]), "overlap"),
    "gap.safetensors": (safetensors({"a": tensor((2,), 8, 16)}, DATA), "gap"),
    "cut.safetensors": (safetensors({"a": tensor((4,), 0, 16)}, DATA[:9]), "but the file holds 9"),
    "longer.safetensors": (safetensors({"a": tensor()}, DATA), "but the file holds 16"),
    "shape.safetensors": (safetensors({"a": tensor((3,))}, DATA[:8]), "do not fit its shape"),
    "negative.safetensors": (safetensors({"a": tensor((-1, -2))}, DATA[:8]), "impossible shape"),
    "float-shape.safetensors": (safetensors({"a": tensor((2.0,))}, DATA[:8]), "impossible shape"),
    "type.safetensors": (safetensors({"a": tensor(dtype="F99")}, DATA[:8]), "unknown type F99"),
    "entry.safetensors": (safetensors({"a\n\x1b[31m": 3}), "cannot be read"),
    "text.npz": (b"not a zip at all", "not a zip archive"),
    "cut.npz": (archive([("w.npy", npy())])[:-30], "not a zip archive"),
    "pickle.npz": (archive([("w.npy", pickle.dumps(print))]), "not a NumPy array"),
    "objects.npz": (archive([("w.npy", npy(descr="'|O'"))]), "never loaded"),
    "structured.npz": (archive([("w.npy", npy(descr="[('a', '<f4')]"))]), "of type"),
    "claims.npz": (archive([("w.npy", npy("(1000000000000,)"))]), "claims 4000000000000 bytes"),
    "float-shape.npz": (archive([("w.npy", npy("(1e9,)"))]), "impossible shape"),
    "twins.npz": (archive([("w.npy", npy()), ("w.npy", npy())]), "two members"),
    "code.npy": (npy("__import__('os').getcwd()"), "cannot be read"),
    "deep.npy": (npy("(" * 5000), "cannot be read"),
    "short.npy": (npy(data=bytes(7)), "the array claims 8 bytes"),
    "weights.bin": (b"", "suffix"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_line(tmp_path, name):
    data, expected = BAD[name]
    (tmp_path / name).write_bytes(data)
    weights, (diagnostic,) = read(tmp_path / name)
    assert weights is None
    assert diagnostic.code == "E0802"
    assert expected in diagnostic.message
    assert diagnostic.message.isprintable()


def test_a_path_that_is_no_file(tmp_path):
    assert read(tmp_path / "none.npz")[1][0].code == "E0601"
    assert read(tmp_path)[1][0].code == "E0602"


def test_a_zip_bomb_is_only_listed(tmp_path):
    """Its name and size are known without unpacking it; only tensors that fit the model are ever loaded."""
    path = tmp_path / "bomb.npz"
    header = npy("(16777216,)", data=b"")
    path.write_bytes(archive([("w.npy", header + bytes(1 << 26))], zipfile.ZIP_DEFLATED))
    assert path.stat().st_size < 1 << 17
    weights, diagnostics = read(path)
    assert not diagnostics
    assert weights.shape("w") == (1 << 24,)


def test_writing_replaces_the_old_file_or_leaves_it(tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"old")
    broken = Weights.of({"w": np.ones(2, np.float32)})
    broken.tensors["w"] = broken.tensors["w"].__class__((2,), lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write(broken, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_one_line(tmp_path):
    weights = Weights.of({})
    assert write(weights, tmp_path / "no" / "w.npz")[0].code == "E0904"
    assert write(weights, tmp_path / "w.txt")[0].code == "E0904"
