"""Layers that a file keeps as memory layout, or has no node for: the spec made of a file is verified against that file.

A wrong permutation in the file is found, whatever layer has to stand for it.
"""

from itertools import permutations

import onnx
import pytest
from exchange import imported, model_of, round_trip
from onnx import helper

IMAGE = "float[N,4,8,8] x"
HEAD = "Conv<pads = [1, 1, 1, 1]>"

CASES = {
    # name: (graph, weights, layers that are no nodes of the file)
    "heads of a detector": (
        f"""g ({IMAGE}) => (float[N,80,6] y) <int64[3] rows = {{0, -1, 6}}> {{
            a = {HEAD}(x, v)  b = Conv<strides = [2, 2]>(x, w)
            c = Transpose<perm = [0, 2, 3, 1]>(a)  d = Transpose<perm = [0, 2, 3, 1]>(b)
            e = Reshape(c, rows)  f = Reshape(d, rows)  g1 = Concat<axis = 1>(e, f)  y = Softmax<axis = 2>(g1) }}""",
        [("v", (6, 4, 3, 3)), ("w", (6, 4, 1, 1))], [],
    ),
    "channels last, converted around each convolution": (
        f"""g (float[N,8,8,4] x) => (float[N,8,8,3] y) {{
            a = Transpose<perm = [0, 3, 1, 2]>(x)  b = {HEAD}(a, v)  c = Transpose<perm = [0, 2, 3, 1]>(b)
            d = Relu(c)  e = Transpose<perm = [0, 3, 1, 2]>(d)  f = {HEAD}(e, w)
            y = Transpose<perm = [0, 2, 3, 1]>(f) }}""",
        [("v", (5, 4, 3, 3)), ("w", (3, 5, 3, 3))], [],
    ),
    "channels last, with a border and activations that are scaled": (
        f"""g (float[N,8,8,4] x) => (float[N,10,10,3] y) <int64[8] sides = {{0, 0, 1, 1, 0, 0, 1, 1}}> {{
            a = Transpose<perm = [0, 3, 1, 2]>(x)  b = {HEAD}(a, v)  c = Selu<gamma = 1.5>(b)  d = Pad(c, sides)
            y = Transpose<perm = [0, 2, 3, 1]>(d) }}""",
        [("v", (3, 4, 3, 3))], ["conv1.elu"],
    ),
    "channels last, flattened in that order": (
        f"""g (float[N,4,6,3] x) => (float[N,7] y) <int64[2] row = {{-1, 96}}> {{
            a = Transpose<perm = [0, 3, 1, 2]>(x)  b = {HEAD}(a, v)  c = Transpose<perm = [0, 2, 3, 1]>(b)
            d = Reshape(c, row)  y = MatMul(d, w) }}""",
        [("v", (4, 3, 3, 3)), ("w", (96, 7))], [],
    ),
    "a point cloud turned by a matrix of its own": (
        """g (float[N,20,3] x) => (float[N,8] y) <int64[3] square = {-1, 3, 3}> {
            a = Transpose<perm = [0, 2, 1]>(x)  b = Conv(a, v)  c = ReduceMax<axes = [2], keepdims = 0>(b)
            d = Gemm(c, w, s)  e = Reshape(d, square)  f = MatMul(x, e)  h = Transpose<perm = [0, 2, 1]>(f)
            i = Conv(h, v)  y = ReduceMax<axes = [2], keepdims = 0>(i) }""",
        [("v", (8, 3, 1)), ("w", (8, 9)), ("s", (9,))], ["flatten1", "flatten2"],
    ),
    "a shuffle of channels": (
        f"""g ({IMAGE}) => (float[N,4,8,8] y)
        <int64[5] apart = {{0, 2, 2, 8, 8}}, int64[4] together = {{0, 4, 8, 8}}> {{
            a = Conv<group = 2>(x, w)  b = Reshape(a, apart)  c = Transpose<perm = [0, 2, 1, 3, 4]>(b)
            d = Reshape(c, together)  y = Conv<group = 2>(d, w) }}""",
        [("w", (4, 2, 1, 1))], [],
    ),
    "patches as tokens": (
        f"""g ({IMAGE}) => (float[N,6] y) <int64[3] rows = {{0, 6, -1}}> {{
            a = Conv<strides = [2, 2]>(x, v)  b = Reshape(a, rows)  c = Transpose<perm = [0, 2, 1]>(b)
            d = Add(c, p)  e = LayerNormalization(d, s, s)  f = MatMul(e, w)  g1 = Add(d, f)
            y = ReduceMean<axes = [1], keepdims = 0>(g1) }}""",
        [("v", (6, 4, 2, 2)), ("p", (1, 16, 6)), ("s", (6,)), ("w", (6, 6))], ["flatten1"],
    ),
    "windows of an image": (
        f"""g ({IMAGE}) => (float[N,4,8,8] y)
        <int64[6] apart = {{0, 2, 4, 2, 4, 4}}, int64[4] windows = {{0, 4, 16, 4}},
         int64[6] inside = {{0, 2, 2, 4, 4, 4}}, int64[4] whole = {{0, 8, 8, 4}}> {{
            a = Transpose<perm = [0, 2, 3, 1]>(x)  b = Reshape(a, apart)  c = Transpose<perm = [0, 1, 3, 2, 4, 5]>(b)
            d = Reshape(c, windows)  e = MatMul(d, w)  f = Reshape(e, inside)
            h = Transpose<perm = [0, 1, 3, 2, 4, 5]>(f)  i = Reshape(h, whole)
            y = Transpose<perm = [0, 3, 1, 2]>(i) }}""",
        [("w", (4, 4))], [],
    ),
    "rows and columns exchanged, then flattened": (
        f"""g ({IMAGE}) => (float[N,5] y) {{
            a = Transpose<perm = [0, 3, 2, 1]>(x)  b = Flatten(a)  y = Gemm(b, w) }}""",
        [("w", (256, 5))], [],
    ),
    "queries and keys of one layer": (
        """g (float[N,5,6] x) => (float[N,5,5] y)
        <int64[4] apart = {0, 5, 2, 6}, int64 first = {0}, int64 second = {1}> {
            a = MatMul(x, w)  b = Reshape(a, apart)  c = Transpose<perm = [2, 0, 1, 3]>(b)
            q = Gather<axis = 0>(c, first)  k = Gather<axis = 0>(c, second)
            t = Transpose<perm = [0, 2, 1]>(k)  y = MatMul(q, t) }""",
        [("w", (6, 12))], [],
    ),
}  # fmt: skip


def without_node(report):
    return [layer.node for layer in report.layers if layer.status == "no node"]


@pytest.mark.parametrize(("text", "weights", "absent"), CASES.values(), ids=CASES)
def test_a_spec_is_verified_against_the_file_it_was_made_of(text, weights, absent, tmp_path):
    report, diagnostics = round_trip(model_of(text, weights, 12 if "axes = [" in text else 17), tmp_path)
    assert report is not None, diagnostics
    assert report.passed, [(layer.node, layer.status, layer.note) for layer in report.layers if not layer.passed]
    assert without_node(report) == absent


def other_orders(data):
    """The model with every Transpose in turn doing every other permutation behind the batch."""
    whole = onnx.load_from_string(data)
    for index, node in enumerate(whole.graph.node):
        if node.op_type == "Transpose":
            old = helper.get_node_attr_value(node, "perm")
            axes = [axis for axis in range(len(old)) if axis != old.index(0)]
            for places in list(permutations(old[axis] for axis in axes))[:24]:
                new = list(old)
                for axis, place in zip(axes, places, strict=True):
                    new[axis] = place
                if new != old:
                    changed = onnx.ModelProto()
                    changed.CopyFrom(whole)
                    changed.graph.node[index].attribute[0].ints[:] = new
                    yield changed.SerializeToString()


@pytest.mark.parametrize(("text", "weights", "absent"), CASES.values(), ids=CASES)
def test_a_wrong_permutation_in_the_file_is_found(text, weights, absent, tmp_path):
    data = model_of(text, weights, 12 if "axes = [" in text else 17)
    for wrong in other_orders(data):
        report, diagnostics = round_trip(data, tmp_path, wrong)
        if report is None:  # the sizes do not fit any more
            assert [d.code for d in diagnostics] == ["E0907"]
        else:
            assert "failed" in [layer.status for layer in report.layers]


LAYER = {
    # what is changed in the file: (case, node, attribute, new value, the layer to blame)
    "one head": ("heads of a detector", "d", [0, 3, 2, 1], "transpose2"),
    "the shuffle": ("a shuffle of channels", "c", [0, 1, 2, 4, 3], "channel_shuffle1"),
    "the tokens": ("windows of an image", "h", [0, 1, 2, 3, 4, 5], "transpose3"),
    "before flatten": ("channels last, flattened in that order", "c", [0, 1, 2, 3], "flatten1"),
    "inside the network": ("channels last, converted around each convolution", "e", [0, 3, 2, 1], "conv2"),
}


@pytest.mark.parametrize(("case", "node", "perm", "blamed"), LAYER.values(), ids=LAYER)
def test_the_layer_that_the_wrong_permutation_feeds_is_named(case, node, perm, blamed, tmp_path):
    data = model_of(*CASES[case][:2])
    wrong = onnx.load_from_string(data)
    (step,) = (item for item in wrong.graph.node if item.output[0] == node)
    step.attribute[0].ints[:] = perm
    report, diagnostics = round_trip(data, tmp_path, wrong.SerializeToString())
    assert report is not None, diagnostics
    assert report.first_failure.node == blamed


SWAPS = {
    "a maximum for a mean": ("patches as tokens", "y", "ReduceMax"),
    "a mean for a maximum": ("a point cloud turned by a matrix of its own", "c", "ReduceMean"),
}


@pytest.mark.parametrize(("case", "node", "operator"), SWAPS.values(), ids=SWAPS)
def test_a_layer_whose_value_only_the_next_one_holds_is_judged(case, node, operator, tmp_path):
    data = model_of(*CASES[case][:2], 12)
    wrong = onnx.load_from_string(data)
    (step,) = (item for item in wrong.graph.node if item.output[0] == node)
    step.op_type = operator
    report, _ = round_trip(data, tmp_path, wrong.SerializeToString())
    assert report.first_failure.op in ("global_maxpool", "reduce_mean", "global_avgpool")


def test_a_transposed_tensor_is_a_value_of_its_own():
    found = imported(model_of(*CASES["heads of a detector"][:2]))
    transposes = [node.name for node in found.graph.nodes if node.op.word == "transpose"]
    assert [found.held[name] for name in transposes] == [("c", "chw"), ("d", "chw")]
