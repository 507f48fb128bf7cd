"""Making files that mislead a reader, byte by byte; see `hostile_cases`."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SPEC = "model Tiny { input image 3x8x8; conv 4, 3x3; flatten; dense 2 }\n"
SHAPES = {"conv1.weight": (4, 3, 3, 3), "conv1.bias": (4,), "dense1.weight": (2, 144), "dense1.bias": (2,)}
TERA = 2**42


def arrays(**changed: np.ndarray | None) -> dict[str, np.ndarray]:
    """The weights that fit, some of them changed (`__` stands for a dot) or, if None, left out."""
    found = {name: np.full(shape, 0.5, np.float32) for name, shape in SHAPES.items()}
    found |= {name.replace("__", "."): array for name, array in changed.items()}
    return {name: array for name, array in found.items() if array is not None}


def npz(members: Mapping[str, np.ndarray | bytes], compress: bool = False) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED) as archive:
        for name, value in members.items():
            archive.writestr(name if isinstance(value, bytes) else f"{name}.npy", npy(value))
    return stream.getvalue()


def npy(value: np.ndarray | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    stream = io.BytesIO()
    np.save(stream, value, allow_pickle=True)
    return stream.getvalue()


def npy_header(text: str, data: bytes = b"") -> bytes:
    encoded = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(encoded)) + encoded + data


def claiming(shape: object, descr: object = "<f4", data: bytes = b"") -> bytes:
    return npy_header(str({"descr": descr, "fortran_order": False, "shape": shape}), data)


def bomb() -> bytes:
    """A gibibyte of zeros in a megabyte, under a name and with a header that are right."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("dense1.weight.npy", "w") as out:
        out.write(claiming((2**28,)))
        for _ in range(256):
            out.write(bytes(2**22))
    return stream.getvalue()


def lying_zip() -> bytes:
    """An archive whose directory says that a member unpacks to a few bytes; it unpacks to 64 MiB."""
    honest = npz({"conv1.weight.npy": claiming(SHAPES["conv1.weight"], data=bytes(2**26))}, compress=True)
    size = len(claiming(SHAPES["conv1.weight"])) + 4 * 108
    return honest.replace(struct.pack("<I", size - 4 * 108 + 2**26), struct.pack("<I", size))


class Runs:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("pwned",)


def safetensors(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype: object, shape: object, start: object, end: object) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def stored(weights: Mapping[str, np.ndarray], dtype: str = "F32") -> bytes:
    header, at = {}, 0
    for name, array in weights.items():
        header[name] = entry(dtype, array.shape, at, at + array.nbytes)
        at += array.nbytes
    return safetensors(header, b"".join(array.tobytes() for array in weights.values()))


def torch_file(data: bytes, members: Mapping[str, bytes] | None = None, compress: bool = False) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED) as archive:
        for name, content in {"data.pkl": data, "version": b"3\n", **(members or {})}.items():
            archive.writestr(f"archive/{name}", content)
    return stream.getvalue()


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value: int) -> bytes:
    return b"\x8a\x08" + struct.pack("<q", value)


def sizes(values: Sequence[int]) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def tensor(key: str, shape: Sequence[int], strides: Sequence[int], elements: int, kind: str = "Float") -> bytes:
    """The pickled tensor of a state dict."""
    storage = b"(" + text("storage") + f"ctorch\n{kind}Storage\n".encode() + text(key) + text("cpu") + number(elements)
    view = storage + b"tQ" + number(0) + sizes(shape) + sizes(strides) + b"\x89}"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + view + b"tR"


def state_dict(kind: str = "Float", fill: float = 0.5, **views: bytes) -> bytes:
    """A file of the tensors that fit, or of `views` in their place; the last is filled with `fill`."""
    data, members = b"\x80\x02}", {}
    for key, (name, shape) in enumerate(SHAPES.items()):
        count = int(np.prod(shape))
        steps = [int(np.prod(shape[i + 1 :])) for i in range(len(shape))]
        data += text(name) + views.get(name.replace(".", "__"), tensor(str(key), shape, steps, count, kind)) + b"s"
        values = np.full(count, fill if name == "dense1.bias" else 0.5)
        members[f"data/{key}"] = values.astype(np.int64 if kind == "Long" else np.float32).tobytes()
    return torch_file(data + b".", members)


def hdf5(change: Callable[[object], object] = lambda root: None, **datasets: object) -> bytes:
    """A Keras 3 file of layers `conv2d` and `dense`, their values replaced by `datasets` or changed by `change`."""
    import h5py

    shapes = {"conv2d/vars/0": (3, 3, 3, 4), "conv2d/vars/1": (4,), "dense/vars/0": (144, 2), "dense/vars/1": (2,)}
    stream = io.BytesIO()
    with h5py.File(stream, "w") as root:
        for path, shape in shapes.items():
            options = datasets.get(path.replace("/vars/", "_"), {"data": np.full(shape, 0.5, np.float32)})
            root.create_dataset(f"layers/{path}", **options)
        change(root)
    return stream.getvalue()


def circles(root: object) -> None:
    for name in ("a", "b", "c"):
        root[f"layers/{name}"] = root["layers"]


def links(root: object) -> None:
    import h5py

    del root["layers/dense/vars/0"]
    root["layers/dense/vars/0"] = h5py.ExternalLink("/etc/passwd", "/")


def network(
    nodes: Sequence[onnx.NodeProto] = (),
    weights: Sequence[onnx.TensorProto] = (),
    shape: Sequence[int | str] = (1, 3, 8, 8),
    opset: int = 21,
) -> bytes:
    given = [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)]
    made = [helper.make_tensor_value_info("output", TensorProto.FLOAT, None)]
    nodes = nodes or [helper.make_node("Relu", ["image"], ["output"])]
    graph = helper.make_graph(list(nodes), "g", given, made, list(weights))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10).SerializeToString()


def initialisers(**changed: np.ndarray | None) -> list[onnx.TensorProto]:
    return [numpy_helper.from_array(array, name) for name, array in arrays(**changed).items()]


def convolution(weights: Sequence[onnx.TensorProto]) -> bytes:
    nodes = [
        helper.make_node("Conv", ["image", "conv1.weight", "conv1.bias"], ["conv1"]),
        helper.make_node("Flatten", ["conv1"], ["flatten1"]),
        helper.make_node("Gemm", ["flatten1", "dense1.weight", "dense1.bias"], ["output"], transB=1),
    ]
    return network(nodes, weights)


def hollow(name: str, dims: Sequence[int], **fields: object) -> list[onnx.TensorProto]:
    """The weights that fit, one of them with other `dims` and `fields`."""
    found = [tensor for tensor in initialisers() if tensor.name != name]
    return [*found, TensorProto(name=name, data_type=TensorProto.FLOAT, dims=dims, **fields)]


def elsewhere(location: str) -> list[onnx.TensorProto]:
    found = hollow("dense1.weight", (2, 144), data_location=TensorProto.EXTERNAL)
    found[-1].external_data.add(key="location", value=location)
    return found


def folded(operation: str, sizes: Sequence[int], *then: str) -> bytes:
    """A constant that is computed while reading, of `sizes`, what operations `then` make of it, added to the input."""
    nodes = [helper.make_node(operation, ["a", "s"], ["k"])]
    nodes += [helper.make_node(name, ["k" * (i + 1)], ["k" * (i + 2)]) for i, name in enumerate(then)]
    nodes.append(helper.make_node("Add", ["image", "k" * (len(then) + 1)], ["output"]))
    constants = [numpy_helper.from_array(np.ones((1,), np.float32), "a")]
    constants.append(numpy_helper.from_array(np.array(sizes, np.int64), "s"))
    return network(nodes, constants)


def doubling(times: int) -> bytes:
    """A constant that is concatenated with itself again and again."""
    nodes = [helper.make_node("Concat", [f"k{i}", f"k{i}"], [f"k{i + 1}"], axis=0) for i in range(times)]
    nodes.append(helper.make_node("Add", ["image", f"k{times}"], ["output"]))
    return network(nodes, [numpy_helper.from_array(np.ones(1, np.float32), "k0")])


def nested(depth: int) -> bytes:
    """Messages within messages, as attributes that are graphs."""
    data = b""
    for _ in range(depth):
        data = wrapped(1, wrapped(5, wrapped(6, data)))  # GraphProto.node, NodeProto.attribute, AttributeProto.g
    return wrapped(7, data)


def keras(data: bytes, compress: bool = False) -> bytes:
    return npz({"model.weights.h5": data, "config.json": b"{}"}, compress)


def one(operation: str, *inputs: str) -> bytes:
    return network([helper.make_node(operation, inputs, ["output"])])


def circle() -> bytes:
    return network([helper.make_node("Add", ["image", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"])])


def chain(length: int) -> bytes:
    return network([helper.make_node("Relu", [f"{i}" if i else "image"], [f"{i + 1}"]) for i in range(length)])


def wrapped(field: int, data: bytes) -> bytes:
    length, size = len(data), b""
    while length > 127:
        size, length = size + bytes([length & 127 | 128]), length >> 7
    return bytes([field << 3 | 2]) + size + bytes([length]) + data
