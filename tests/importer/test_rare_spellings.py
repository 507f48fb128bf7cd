"""What few programs write, and is read all the same: paddings apart from their pools, numbers that change nothing,
constants that are computed, scales for each group or block.

Every one is verified against ONNX Runtime on the file itself.
"""

import numpy as np
import onnx
import pytest
from exchange import assert_verified, imported, model_of, refusal, words
from onnx import numpy_helper

IMAGE = "float[N,4,8,8] x"
SAME = f"g ({IMAGE}) => (float[N,4,8,8] y)"
LEAST = "float low = {-inf}"
LEAKY = f"{SAME} <float z = {{0.0}}, float k = {{0.5}}, float o = {{1.0}}>"
SLOPE = "leaky_relu"

CASES = {
    # name: (opset, graph, weights, operations)
    "adding nothing": (17, f"{SAME} <float z = {{0.0}}> {{ a = Add(x, z)  b = Sub(a, z)  y = Relu(b) }}", [], ["relu"]),
    "multiplying by one": (
        17, f"{SAME} <float o = {{1.0}}> {{ a = Mul(o, x)  b = Div(a, o)  y = Relu(b) }}", [], ["relu"],
    ),
    "a list of one": (17, f"{SAME} {{ a = Concat<axis = 1>(x)  b = Sum(a)  c = Max(b)  y = Relu(c) }}", [], ["relu"]),
    "cut below alone": (17, f"{SAME} <float k = {{0.5}}> {{ y = Clip(x, k) }}", [], ["max"]),
    "cut above alone": (17, f'{SAME} <float k = {{0.5}}> {{ y = Clip(x, "", k) }}', [], ["min"]),
    "a constant that a fixed batch repeats": (
        17,
        """g (float[2,3] x) => (float[2,3] y) {
            c = Constant<value = float[2,3] {1.0, 2.0, 4.0, 1.0, 2.0, 4.0}>()  y = Add(x, c) }""",
        [], ["add"],
    ),
    "steps before the batch, and the rest of what a layer makes": (
        17,
        """g (float[N,4,5] x) => (float[N,5,2] y) <int64 zero = {0}, int64 one = {1}, int64[1] all = {-1},
            int64[1] four = {4}, int64[1] axis = {0}> {
            t = Transpose<perm = [2, 0, 1]>(x)  s = Shape(t)  a = Gather(s, zero)  b = Gather(s, one)  m = Mul(a, b)
            rows = Unsqueeze(m, axis)  flat = Concat<axis = 0>(rows, four)  r = Reshape(t, flat)  d = MatMul(r, w)
            u = Unsqueeze(a, axis)  v = Unsqueeze(b, axis)  back = Concat<axis = 0>(u, v, all)  e = Reshape(d, back)
            y = Transpose<perm = [1, 0, 2]>(e) }""",
        [("w", (4, 2))], ["transpose", "dense"],
    ),
    "a layer normalisation as Keras factors it out": (
        13,
        """g (float[N,5,8] x) => (float[N,5,8] y) <float eps = {0.001}> {
            m = ReduceMean<axes = [-1]>(x)  d = Sub(x, m)  q = Mul(d, d)  v = ReduceMean<axes = [-1]>(q)
            e = Add(v, eps)  s = Sqrt(e)  r = Reciprocal(s)  f = Mul(r, gamma)  a = Mul(x, f)  c = Mul(m, f)
            b = Sub(beta, c)  y = Add(a, b) }""",
        [("gamma", (8,)), ("beta", (8,))], ["layernorm"],
    ),
    "taken from zero": (17, f"{SAME} <float z = {{0.0}}> {{ y = Sub(z, x) }}", [], ["sub"]),
    "a constant for each channel taken away": (
        17, f"{SAME} {{ y = Sub(x, b) }}", [("b", (1, 4, 1, 1))], ["learned", "sub"],
    ),
    "padding below all values before a maxpool": (
        17,
        f"""g ({IMAGE}) => (float[N,4,4,5] y) <int64[8] p = {{0, 0, 0, 1, 0, 0, 0, 1}}, {LEAST}> {{
            a = Pad(x, p, low)  y = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(a) }}""",
        [], ["maxpool"],
    ),
    "padding before the maxpool of a minpool": (
        17,
        f"""g ({IMAGE}) => (float[N,4,4,5] y) <int64[8] p = {{0, 0, 0, 1, 0, 0, 0, 1}}, {LEAST}> {{
            n = Neg(x)  a = Pad(n, p, low)  m = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(a)  y = Neg(m) }}""",
        [], ["minpool"],
    ),
    "padding taken away": (
        17, f"g ({IMAGE}) => (float[N,4,5,7] y) <int64[8] p = {{0, 0, -1, 0, 0, 0, -2, -1}}> {{ y = Pad(x, p) }}", [],
        ["crop"],
    ),
    "padding of nothing": (
        17, f"{SAME} <int64[8] p = {{0, 0, 0, 0, 0, 0, 0, 0}}> {{ a = Pad(x, p)  y = Relu(a) }}", [], ["relu"],
    ),
    "padding of channels and rows": (
        17,
        f"""g ({IMAGE}) => (float[N,6,9,8] y) <int64[8] p = {{0, 1, 1, 0, 0, 1, 0, 0}}, float by = {{2.5}}> {{
            y = Pad(x, p, by) }}""",
        [], ["pad", "pad"],
    ),
    "a p-norm of all positions": (
        17,
        f"""g ({IMAGE}) => (float[N,4,1,1] y) <float p = {{3.0}}, float r = {{0.33333334}}, int64[2] axes = {{2, 3}}> {{
            a = Abs(x)  b = Pow(a, p)  c = ReduceSum(b, axes)  y = Pow(c, r) }}""",
        [], ["global_lppool"],
    ),
    "a choice above zero": (17, f"{LEAKY} {{ c = Greater(x, z)  m = Mul(x, k)  y = Where(c, x, m) }}", [], [SLOPE]),
    "a choice from zero on": (
        17, f"{LEAKY} {{ c = GreaterOrEqual(x, z)  m = Mul(k, x)  y = Where(c, x, m) }}", [], [SLOPE],
    ),
    "a choice below zero": (17, f"{LEAKY} {{ c = Less(x, z)  m = Mul(x, k)  y = Where(c, m, x) }}", [], [SLOPE]),
    "a choice, zero first": (
        17, f"{LEAKY} {{ c = LessOrEqual(z, x)  m = Mul(x, k)  y = Where(c, x, m) }}", [], [SLOPE],
    ),
    "an ELU": (
        17,
        f"{LEAKY} {{ c = Greater(x, z)  e = Exp(x)  s = Sub(e, o)  m = Mul(s, k)  y = Where(c, x, m) }}",
        [], ["elu"],
    ),
    "a SiLU of a product": (17, f"{SAME} {{ p = Mul(x, x)  s = Sigmoid(p)  y = Mul(p, s) }}", [], ["mul", "silu"]),
    "a GELU of a product": (
        17,
        f"""{LEAKY[:-1]}, float r = {{1.4142135}}> {{
            p = Mul(x, x)  d = Div(p, r)  e = Erf(d)  a = Add(e, o)  m = Mul(p, a)  y = Mul(m, k) }}""",
        [], ["mul", "gelu"],
    ),
    "the larger of a value and its half": (17, f"{LEAKY} {{ m = Mul(x, k)  y = Max(m, x) }}", [], [SLOPE]),
    "the larger of a value and its double": (17, f"{LEAKY} {{ m = Div(x, k)  y = Max(x, m) }}", [], ["div", "max"]),
    "a choice beside the batch": (
        17,
        f"""{LEAKY} {{ t = Transpose<perm = [1, 0, 2, 3]>(x)  c = Greater(t, z)  m = Mul(t, k)
            w = Where(c, t, m)  v = Mul(w, k)  u = Max(w, v)  y = Transpose<perm = [1, 0, 2, 3]>(u) }}""",
        [], [SLOPE, SLOPE],
    ),
    "channels picked beside the batch": (
        17,
        f"""g ({IMAGE}) => (float[N,3,8,8] y) <int64[3,1] i = {{3, 0, 1}}> {{
            t = Transpose<perm = [1, 0, 2, 3]>(x)  p = GatherND(t, i)  y = Transpose<perm = [1, 0, 2, 3]>(p) }}""",
        [], ["gather"],
    ),
    "scales for each group of a normalisation": (
        18, f"{SAME} {{ y = GroupNormalization<num_groups = 2>(x, s, b) }}", [("s", (2,)), ("b", (2,))], ["groupnorm"],
    ),
    "scales for each block of a matrix": (
        21,
        """g (float[N,4] x) => (float[N,2] y)
        <int8[4,2] w = {1, -2, 3, -4, 100, -100, 127, -128}, float[2,2] s = {0.1, 0.2, 0.3, 0.4}> {
            m = DequantizeLinear<axis = 0, block_size = 2>(w, s)  y = MatMul(x, m) }""",
        [], ["dense"],
    ),
    "scales for each block of a list": (
        21,
        f"""{SAME} <int8[4] w = {{1, -2, 100, -128}}, float[2] s = {{0.1, 0.2}}, int64[3] to = {{4, 1, 1}}> {{
            m = DequantizeLinear<axis = 0, block_size = 2>(w, s)  c = Reshape(m, to)  y = Mul(x, c) }}""",
        [], ["scale"],
    ),
    "sizes rounded, multiplied and repeated": (
        17,
        """g (float[N,4,6,4] x) => (float[N,4,24] y) <float f = {24.7}, int64[1] two = {2}, int64[1] four = {4}> {
            a = Floor(f)  b = Cast<to = 7>(a)  one = Constant<value = int64[1] {0}>()  c = Unsqueeze(b, one)
            d = Tile(four, two)  e = ReduceProd<keepdims = 1>(two)  g1 = Div(e, two)
            h = Constant<value = int64[2] {0, 4}>()  s = Concat<axis = 0>(h, c)  y = Reshape(x, s) }""",
        [], ["reshape"],
    ),
    "a constant in two parts": (
        17,
        """g (float[N,4,6,4] x) => (float[N,24,4] y) <int64[6] s = {0, 24, 4, 9, 9, 9}, int64[2] at = {3, 3}> {
            a, b = Split<axis = 0>(s, at)  y = Reshape(x, a) }""",
        [], ["reshape"],
    ),
    "shuffles of nothing": (
        17, f"{SAME} {{ a = DepthToSpace<blocksize = 1>(x)  y = Relu(a) }}", [], ["relu"],
    ),
    "a product of values without an addend": (
        17, "g (float[N,4,4] x) => (float[N,4,4] y) { y = MatMul(x, x) }", [], ["matmul"],
    ),
    "half pixels of which none is alone": (
        18,
        f"""g ({IMAGE}) => (float[N,4,12,5] y) <int64[2] s = {{12, 5}}> {{
            y = Resize<mode = "linear", coordinate_transformation_mode = "pytorch_half_pixel", axes = [2, 3]>
                (x, , , s) }}""",
        [], ["resize"],
    ),
    "a transposed convolution of a given size": (
        17,
        f"""g ({IMAGE}) => (float[N,3,17,15] y) {{
            y = ConvTranspose<kernel_shape = [3, 3], strides = [2, 2], output_shape = [17, 15]>(x, w) }}""",
        [("w", (4, 3, 3, 3))], ["deconv"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("opset", "text", "weights", "expected"), CASES.values(), ids=CASES)
def test_is_read(opset, text, weights, expected):
    data = model_of(text, weights, opset)
    assert words(imported(data).graph) == expected
    assert_verified(data)


@pytest.mark.parametrize(("weights", "expected"), [([1, 1, 1], ["lrn"]), ([1, 2, 1], None), ([1, 1, 2], None)])
def test_neighbours_of_equal_weight_are_a_local_response_normalisation(weights, expected):
    """As a 1x1 convolution over the squares: a band of ones times alpha."""
    band = sum(np.diag([weight] * (4 - abs(k)), k) for k, weight in zip((-1, 0, 1), weights, strict=True))
    data = model_of(
        f"""{SAME} <float half = {{0.75}}, float[4] k = {{2.0, 2.0, 2.0, 2.0}}> {{
            s = Mul(x, x)  c = Conv(s, w, k)  d = Pow(c, half)  y = Div(x, d) }}""",
    )
    model = onnx.load_from_string(data)
    values = (band * 0.1).reshape(4, 4, 1, 1).astype(np.float32)
    model.graph.initializer.append(numpy_helper.from_array(values, "w"))
    found = words(imported(model.SerializeToString()).graph)
    assert found == expected if expected else "conv" in found
    assert_verified(model.SerializeToString())


@pytest.mark.parametrize("kind", ["float16", "float"])
def test_numbers_of_a_pattern_are_rounded_to_the_files_type(kind) -> None:
    """The square root of 2 is 1.4140625 in float16; in float32 that is another number."""
    nodes = [("Div", "x", "r"), ("Erf", "d"), ("Add", "e", "o"), ("Mul", "x", "a"), ("Mul", "m", "h")]
    data_type = onnx.TensorProto.DataType.Value(kind.upper())
    made = [onnx.helper.make_node(op, given, [name]) for (op, *given), name in zip(nodes, "deamy", strict=True)]
    values = [onnx.helper.make_tensor_value_info(name, data_type, ["N", 4]) for name in "xy"]
    numbers = [
        onnx.helper.make_tensor(name, data_type, [], [n]) for name, n in (("r", 1.4140625), ("o", 1), ("h", 0.5))
    ]
    graph = onnx.helper.make_graph(made, "g", values[:1], values[1:], numbers)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)])
    if kind == "float":
        assert "Erf" in refusal(model.SerializeToString())
    else:
        assert words(imported(model.SerializeToString()).graph) == ["gelu"]
