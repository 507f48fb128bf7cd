"""Tensors whose batch is not the first axis, as attention and windows have them: a spec writes them batch first."""

import pytest
from exchange import imported, model_of, refusal, round_trip, words

from specc.onnx.importer import read_model

CASES = {
    # what moves: (the model, its weights, the spec's operations)
    "the sequence comes first": (
        "g (float[N,5,6] x) => (float[N,5,4] y) {"
        " t = Transpose<perm = [1, 0, 2]>(x)  a = MatMul(t, w)  b = Relu(a)  y = Transpose<perm = [1, 0, 2]>(b) }",
        [("w", (6, 4))],
        ["dense", "relu"],
    ),
    "tokens of all items in one matrix": (
        "g (float[N,5,6] x) => (float[N,5,4] y) <int64[2] rows = {-1, 6}, int64[3] items = {-1, 5, 4}> {"
        " r = Reshape(x, rows)  a = Gemm<transB = 1>(r, w, b)  y = Reshape(a, items) }",
        [("w", (4, 6)), ("b", (4,))],
        ["dense"],
    ),
    "heads beside the batch": (
        """g (float[N,5,6] x) => (float[N,5,5] y)
        <int64[3] heads = {5, -1, 3}, int64[4] apart = {-1, 2, 5, 5}> {
            t = Transpose<perm = [1, 0, 2]>(x)  r = Reshape(t, heads)  q = Transpose<perm = [1, 0, 2]>(r)
            k = Transpose<perm = [0, 2, 1]>(q)  s = MatMul(q, k)  w = Softmax<axis = -1>(s)
            a = Reshape(w, apart)  y = ReduceMean<axes = [1], keepdims = 0>(a) }""",
        [],
        ["reshape", "transpose", "transpose", "matmul", "softmax", "reduce_mean", "reshape"],
    ),
    "windows beside the batch": (
        """g (float[N,8,8,6] x) => (float[N,8,8,4] y)
        <int64[6] apart = {-1, 2, 4, 2, 4, 6}, int64[3] windows = {-1, 16, 6},
         int64[6] back = {-1, 2, 2, 4, 4, 4}, int64[4] whole = {-1, 8, 8, 4}> {
            a = Reshape(x, apart)  b = Transpose<perm = [0, 1, 3, 2, 4, 5]>(a)  c = Reshape(b, windows)
            d = MatMul(c, w)  s = Softmax<axis = 1>(d)
            e = Reshape(s, back)  f = Transpose<perm = [0, 1, 3, 2, 4, 5]>(e)  y = Reshape(f, whole) }""",
        [("w", (6, 4))],
        ["reshape", "transpose", "reshape", "dense", "softmax", "reshape", "transpose", "reshape"],
    ),
    "queries and keys cut from one layer": (
        """g (float[N,5,6] x) => (float[N,5,5] y)
        <int64[4] apart = {5, -1, 2, 6}, int64 first = {0}, int64 second = {1}> {
            t = Transpose<perm = [1, 0, 2]>(x)  a = MatMul(t, w)  b = Reshape(a, apart)
            c = Transpose<perm = [2, 1, 0, 3]>(b)
            q = Gather<axis = 0>(c, first)  k = Gather<axis = 0>(c, second)
            u = Transpose<perm = [0, 2, 1]>(k)  y = MatMul(q, u) }""",
        [("w", (6, 12))],
        ["dense", "split", "transpose", "matmul"],
    ),
    "two parts of the sequence joined": (
        """g (float[N,5,6] x) => (float[N,3,6] y)
        <int64[1] zero = {0}, int64[1] one = {1}, int64[1] three = {3}, int64[1] five = {5}> {
            t = Transpose<perm = [1, 0, 2]>(x)  a = Slice(t, zero, one, zero)  b = Slice(t, three, five, zero)
            c = Concat<axis = 0>(b, a)  y = Transpose<perm = [1, 0, 2]>(c) }""",
        [],
        ["slice", "slice", "concat"],
    ),
    "a mean over the sequence": (
        "g (float[N,5,6] x) => (float[N,6] y) {"
        " t = Transpose<perm = [1, 0, 2]>(x)  y = ReduceMean<axes = [0], keepdims = 0>(t) }",
        [],
        ["reduce_mean", "flatten"],
    ),
    "normalised and added with the sequence first": (
        """g (float[N,5,6] x) => (float[N,5,6] y) {
            t = Transpose<perm = [1, 0, 2]>(x)  n = LayerNormalization(t, s, s)  a = Add(n, p)  b = Add(a, t)
            y = Transpose<perm = [1, 0, 2]>(b) }""",
        [("s", (6,)), ("p", (5, 1, 6))],
        ["layernorm", "bias", "add"],
    ),
    "a GELU of several nodes with the sequence first": (
        """g (float[N,5,6] x) => (float[N,5,6] y)
        <float root = {1.41421356}, float one = {1.0}, float half = {0.5}> {
            t = Transpose<perm = [1, 0, 2]>(x)  d = Div(t, root)  e = Erf(d)  a = Add(e, one)  m = Mul(t, a)
            g1 = Mul(m, half)  y = Transpose<perm = [1, 0, 2]>(g1) }""",
        [],
        ["gelu"],
    ),
    "windows as large as the image": (
        """g (float[N,4,4,6] x) => (float[N,16,6] y)
        <int64[6] apart = {0, 1, 4, 1, 4, 6}, int64[3] windows = {-1, 16, 6}> {
            a = Reshape(x, apart)  b = Transpose<perm = [0, 1, 3, 2, 4, 5]>(a)  y = Reshape(b, windows) }""",
        [],
        ["reshape"],
    ),
    "channels shuffled in an image of open sizes": (
        """g (float[N,6,H,W] x) => (float[N,6,H,W] y)
        <int64[2] groups = {2, 3}, int64[1] channels = {6}> {
            n = Shape<start = 0, end = 1>(x)  hw = Shape<start = 2>(x)
            apart = Concat<axis = 0>(n, groups, hw)  whole = Concat<axis = 0>(n, channels, hw)
            a = Reshape(x, apart)  b = Transpose<perm = [0, 2, 1, 3, 4]>(a)  y = Reshape(b, whole) }""",
        [],
        ["channel_shuffle"],
    ),
    "keys that all heads have in common": (
        """g (float[N,2,5,6] q, float[N,1,6,5] k) => (float[N,2,5,5] y) <int64[4] heads = {1, 2, 1, 1}> {
            e = Expand(k, heads)  y = MatMul(q, e) }""",
        [],
        ["gather", "matmul"],
    ),
    "a softmax that is guarded against masks of whole rows": (
        """g (float[N,2,3] x) => (float[N,2,3] y) <float none = {0.0}> {
            s = Add(x, c)  a = Softmax<axis = -1>(s)  n = IsNaN(a)  y = Where(n, none, a) }""",
        [("c", (2, 3))],
        ["bias", "softmax"],
    ),
    "a view of everything, written as a pick of all positions": (
        """g (float[N,4,1,1] x) => (float[N,4] y)
        <int64 zero = {0}, int64 one = {1}, int64 four = {4}, int64[1] all = {-1}, int64[1] last = {1},
         int64[1,4] places = {0, 1, 2, 3}> {
            n = Shape<start = 0, end = 1>(x)  count = Squeeze(n)  items = Range(zero, count, one)
            first = Mul(items, four)  column = Unsqueeze(first, last)  picked = Add(column, places)
            flat = Reshape(x, all)  y = Gather<axis = 0>(flat, picked) }""",
        [],
        ["flatten"],
    ),
}


def opset_of(text):
    return 12 if "axes = [" in text else 17


@pytest.mark.parametrize(("text", "weights", "expected"), CASES.values(), ids=CASES)
def test_is_written_batch_first_and_verified(text, weights, expected, tmp_path):
    data = model_of(text, weights, opset_of(text))
    assert words(imported(data).graph) == expected
    report, diagnostics = round_trip(data, tmp_path)
    assert report is not None, diagnostics
    assert report.passed, [(layer.node, layer.status, layer.note) for layer in report.layers if not layer.passed]


@pytest.mark.parametrize("batch", [1, 2, 5])
@pytest.mark.parametrize(("text", "weights", "expected"), CASES.values(), ids=CASES)
def test_a_fixed_batch_is_left_open(text, weights, expected, batch, tmp_path):
    """Also where other axes are as large, and where the file does not say which axis of size one is the batch."""
    data = model_of(text.replace("[N,", f"[{batch},"), weights, opset_of(text))
    found = imported(data)
    assert (words(found.graph), str(found.graph.inputs[0].type.shape[0])) == (expected, "N")
    report, diagnostics = round_trip(data, tmp_path)
    assert report is not None and report.passed, diagnostics


REFUSED = {
    "a sum over the batch": (
        "g (float[N,5,6] x) => (float[1,5,6] y) { y = ReduceSum<axes = [0]>(x) }",
        "it works across the batch",
    ),
    "a softmax over heads and batch": (
        """g (float[N,2,6] x) => (float[N,2,6] y) <int64[2] heads = {-1, 6}, int64[3] items = {-1, 2, 6}> {
            r = Reshape(x, heads)  s = Softmax<axis = 0>(r)  y = Reshape(s, items) }""",
        "it works across the batch, wherever that is",
    ),
    "the batch cut into pairs": (
        """g (float[N,3,5] x) => (float[N,3,5] y) <int64[3] pairs = {2, -1, 5}, int64[3] items = {-1, 3, 5}> {
            r = Reshape(x, pairs)  y = Reshape(r, items) }""",
        "it cuts the batch",
    ),
    "a mask that leaves nothing of a row": (
        """g (float[N,2,2] x) => (float[N,2,2] y) <float none = {0.0}, float[2] c = {-inf, -inf}> {
            s = Add(x, c)  a = Softmax<axis = -1>(s)  n = IsNaN(a)  y = Where(n, none, a) }""",
        "its mask leaves nothing of a row",
    ),
    "another constant for each item": (
        """g (float[2,5,6] x) => (float[2,5,6] y) {
            t = Transpose<perm = [1, 0, 2]>(x)  a = Add(t, c)  y = Transpose<perm = [1, 0, 2]>(a) }""",
        "its constant is another one for each item of the batch",
    ),
}


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_mixes_items_is_refused(text, why):
    assert why in refusal(model_of(text, [("c", (1, 2, 6))] if "(t, c)" in text else [], opset_of(text)))


def test_open_sizes_that_are_to_blame_are_told():
    text = """g (float[N,6,H,W] x) => (float[N,6] y) <int64[3] rows = {-1, 4, 6}> {
        t = Transpose<perm = [0, 2, 3, 1]>(x)  r = Reshape(t, rows)  y = ReduceMean<axes = [1], keepdims = 0>(r) }"""
    _, (problem,) = read_model(model_of(text, [], 12))
    assert problem.help == "the file leaves H, W open: one that is exported with fixed sizes can be read"
