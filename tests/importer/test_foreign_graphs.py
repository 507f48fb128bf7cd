"""Graphs as other programs write them: older opsets, shape arithmetic, channels last, several nodes for one layer.

Every one is also verified against ONNX Runtime on the file itself.
"""

import pytest
from exchange import assert_verified, imported, model_of, refusal, words

IMAGE = "float[N,4,8,8] x"
SCALED = [("s", (4,)), ("b", (4,)), ("m", (4,))]

CASES = {
    # name: (opset, graph, weights, operations)
    "clip with attributes": (
        10, f"g ({IMAGE}) => (float[N,4,8,8] y) {{ y = Clip<min = 0.0, max = 6.0>(x) }}", [], ["relu6"],
    ),
    "clip with inputs": (
        11,
        f"g ({IMAGE}) => (float[N,4,8,8] y) <float low = {{-1.0}}, float high = {{0.5}}> {{ y = Clip(x, low, high) }}",
        [], ["clip"],
    ),
    "einsum of queries and keys": (
        17,
        'g (float[N,2,5,3] x) => (float[N,2,5,5] y) { y = Einsum<equation = "bhid,bhjd->bhij">(x, x) }',
        [], ["transpose", "matmul"],
    ),
    "einsum that moves its result": (
        17,
        'g (float[N,5,2,3] x) => (float[N,5,2,5] y) { y = Einsum<equation = "bihd, bjhd -> bihj">(x, x) }',
        [], ["transpose", "transpose", "matmul", "transpose"],
    ),
    "einsum by a matrix of channels is conv": (
        17, f'g ({IMAGE}) => (float[N,6,8,8] y) {{ y = Einsum<equation = "bchw,oc->bohw">(x, w) }}',
        [("w", (6, 4))], ["conv"],
    ),
    "einsum by a matrix of features is dense": (
        17, 'g (float[N,4] x) => (float[N,6] y) { y = Einsum<equation = "nc,cd->nd">(x, w) }',
        [("w", (4, 6))], ["dense"],
    ),
    "a sequence of parts": (
        17,
        f"""g ({IMAGE}) => (float[N,4,8,8] y) <int64 size = {{2}}, int64 i = {{0}}, int64 j = {{1}}> {{
            s = SplitToSequence<axis = 1>(x, size)  a = SequenceAt(s, i)  b = SequenceAt(s, j)
            y = Concat<axis = 1>(b, a)
        }}""",
        [], ["split", "concat"],
    ),
    "a bias of zeros that is computed": (
        17,
        f"""g ({IMAGE}) => (float[N,4,8,8] y) <int64[1] n = {{4}}> {{
            z = Constant<value = float {{0.0}}>()  l = CastLike(z, x)  b = Expand(l, n)  y = Conv(x, w, b)
        }}""",
        [("w", (4, 4, 1, 1))], ["conv"],
    ),
    "pad with attributes": (
        10, f"g ({IMAGE}) => (float[N,4,10,9] y) {{ y = Pad<pads = [0, 0, 1, 0, 0, 0, 1, 1]>(x) }}", [], ["pad"],
    ),
    "slice with attributes is crop": (
        9, f"g ({IMAGE}) => (float[N,4,5,8] y) {{ y = Slice<axes = [2], starts = [1], ends = [-2]>(x) }}", [], ["crop"],
    ),
    "slice of channels is a part": (
        9, f"g ({IMAGE}) => (float[N,3,8,8] y) {{ y = Slice<axes = [1], starts = [1], ends = [4]>(x) }}", [], ["split"],
    ),
    "upsample": (
        9,
        f"""g ({IMAGE}) => (float[N,4,16,16] y) <float[4] s = {{1.0, 1.0, 2.0, 2.0}}> {{
            y = Upsample<mode = "nearest">(x, s) }}""",
        [], ["upsample"],
    ),
    "positions that nobody reads": (
        13, f"g ({IMAGE}) => (float[N,4,4,4] y) {{ y, i = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(x) }}", [],
        ["maxpool"],
    ),
    "unpool": (
        13,
        f"""g ({IMAGE}) => (float[N,4,8,8] y) {{
            a, i = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(x)  b = Sigmoid(a)
            y = MaxUnpool<kernel_shape = [2, 2], strides = [2, 2]>(b, i) }}""",
        [], ["maxpool", "sigmoid", "unpool"],
    ),
    "unpool to the size before": (
        13,
        f"""g ({IMAGE}) => (float[N,4,8,8] y) {{
            a, i = MaxPool<kernel_shape = [3, 3], strides = [3, 3]>(x)  shape = Shape(x)
            y = MaxUnpool<kernel_shape = [3, 3], strides = [3, 3]>(a, i, shape) }}""",
        [], ["maxpool", "unpool"],
    ),
    "positions in each image, as PyTorch has them": (
        13,
        f"""g ({IMAGE}) => (float[N,4,4,4] y)
        <int64[2] begin = {{0, 0}}, int64[2] end = {{1, 1}}, int64[2] axes = {{2, 3}}> {{
            a, i = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(x)
            b, j = MaxPool<kernel_shape = [1, 1], strides = [1, 1]>(x)
            first = Slice(j, begin, end, axes)  inside = Sub(i, first)  c = Cast<to = 1>(inside)  y = Add(a, c) }}""",
        [], ["maxpool", "add"],
    ),
    "dropout with a ratio": (
        7, f"g ({IMAGE}) => (float[N,4,8,8] y) {{ a = Relu(x)  y = Dropout<ratio = 0.25>(a) }}", [],
        ["relu", "dropout"],
    ),
    "reduce mean over positions": (
        13, f"g ({IMAGE}) => (float[N,4] y) {{ y = ReduceMean<axes = [2, 3], keepdims = 0>(x) }}", [],
        ["global_avgpool", "flatten"],
    ),
    "gemm with the matrix upright and scaled": (
        13, "g (float[N,6] x) => (float[N,3] y) { y = Gemm<alpha = 0.5, beta = 2.0>(x, w, b) }",
        [("w", (6, 3)), ("b", (3,))], ["dense"],
    ),
    "matmul and add": (
        13, "g (float[N,6] x) => (float[N,3] y) { a = MatMul(x, w)  y = Add(a, b) }", [("w", (6, 3)), ("b", (3,))],
        ["dense"],
    ),
    "convolution and add": (
        13, f"g ({IMAGE}) => (float[N,5,8,8] y) {{ a = Conv<pads = [1, 1, 1, 1]>(x, w)  y = Add(a, b) }}",
        [("w", (5, 4, 3, 3)), ("b", (5, 1, 1))], ["conv"],
    ),
    "padding that is TensorFlow's": (
        13, f"g ({IMAGE}) => (float[N,5,4,4] y) {{ y = Conv<pads = [0, 0, 1, 1], strides = [2, 2]>(x, w) }}",
        [("w", (5, 4, 3, 3))], ["conv"],
    ),
    "flatten by shape arithmetic": (
        13,
        f"""g ({IMAGE}) => (float[N,256] y) <int64 zero = {{0}}, int64[1] axis = {{0}}, int64[1] rest = {{-1}}> {{
            shape = Shape(x)  batch = Gather<axis = 0>(shape, zero)  one = Unsqueeze(batch, axis)
            target = Concat<axis = 0>(one, rest)  y = Reshape(x, target) }}""",
        [], ["flatten"],
    ),
    "resize by shape arithmetic": (
        13,
        f"""g ({IMAGE}) => (float[N,4,16,16] y)
        <int64[2] two = {{2, 2}}, int64[1] begin = {{2}}, int64[1] end = {{4}}, int64[1] none = {{0}}> {{
            shape = Shape(x)  spatial = Slice(shape, begin, end)  large = Mul(spatial, two)
            front = Slice(shape, none, begin)  sizes = Concat<axis = 0>(front, large)
            y = Resize<mode = "linear", coordinate_transformation_mode = "pytorch_half_pixel">(x, , , sizes) }}""",
        [], ["upsample"],
    ),
    "channels as groups, exchanged": (
        13,
        f"""g ({IMAGE}) => (float[N,4,8,8] y)
        <int64[5] apart = {{0, 2, 2, 8, 8}}, int64[4] together = {{0, 4, 8, 8}}> {{
            a = Reshape(x, apart)  b = Transpose<perm = [0, 2, 1, 3, 4]>(a)  y = Reshape(b, together) }}""",
        [], ["channel_shuffle"],
    ),
    "silu": (13, f"g ({IMAGE}) => (float[N,4,8,8] y) {{ a = Sigmoid(x)  y = Mul(a, x) }}", [], ["silu"]),
    "hardswish of older PyTorch": (
        11,
        f"""g ({IMAGE}) => (float[N,4,8,8] y) <float three = {{3.0}}, float zero = {{0.0}}, float six = {{6.0}}> {{
            a = Add(x, three)  b = Clip(a, zero, six)  c = Mul(x, b)  y = Div(c, six) }}""",
        [], ["hardswish"],
    ),
    "gelu with the error function": (
        13,
        f"""g ({IMAGE}) => (float[N,4,8,8] y) <float root = {{1.4142135}}, float one = {{1.0}}, float half = {{0.5}}> {{
            a = Div(x, root)  b = Erf(a)  c = Add(b, one)  d = Mul(x, c)  y = Mul(d, half) }}""",
        [], ["gelu"],
    ),
    "scale and bias per channel": (
        13, f"g ({IMAGE}) => (float[N,4,8,8] y) {{ a = Mul(x, w)  y = Add(a, b) }}",
        [("w", (4, 1, 1)), ("b", (4, 1, 1))], ["scale"],
    ),
    "group normalisation between reshapes": (
        13,
        f"""g ({IMAGE}) => (float[N,4,8,8] y)
        <int64[3] rows = {{0, 2, -1}}, float[2] ones = {{1.0, 1.0}}, float[2] zeros = {{0.0, 0.0}}> {{
            a = Reshape(x, rows)  b = InstanceNormalization(a, ones, zeros)  shape = Shape(x)
            c = Reshape(b, shape)  d = Mul(c, w)  y = Add(d, b1) }}""",
        [("w", (4, 1, 1)), ("b1", (4, 1, 1))], ["groupnorm"],
    ),
    "layer normalisation and dense layers channels last": (
        17,
        f"""g ({IMAGE}) => (float[N,4,8,8] y) {{
            a = Transpose<perm = [0, 2, 3, 1]>(x)  b = LayerNormalization(a, s, b0)
            c = MatMul(b, w)  d = Add(b1, c)  y = Transpose<perm = [0, 3, 1, 2]>(d) }}""",
        [("s", (4,)), ("b0", (4,)), ("w", (4, 4)), ("b1", (4,))], ["layernorm", "conv"],
    ),
    "layer normalisation of all of an item channels last": (
        17,
        f"""g ({IMAGE}) => (float[N,4,8,8] y) {{
            a = Transpose<perm = [0, 2, 3, 1]>(x)  b = LayerNormalization<axis = 1>(a, s, b0)
            y = Transpose<perm = [0, 3, 1, 2]>(b) }}""",
        [("s", (8, 8, 4)), ("b0", (8, 8, 4))], ["layernorm"],
    ),
    "channels-last image": (
        13,
        """g (float[N,8,8,3] x) => (float[N,8,8,5] y) {
            a = Transpose<perm = [0, 3, 1, 2]>(x)  b = Conv<pads = [1, 1, 1, 1]>(a, w)
            c = Transpose<perm = [0, 2, 3, 1]>(b)  y = Relu(c) }""",
        [("w", (5, 3, 3, 3))], ["conv", "relu"],
    ),
    "unit length as an operator": (
        17, "g (float[N,6] x) => (float[N,6] y) { y = LpNormalization<axis = 1, p = 2>(x) }", [], ["normalize"],
    ),
    "unit length as PyTorch writes it": (
        17, """g (float[N,6,4,4] x) => (float[N,6,4,4] y) <float least = {1e-12}> {
            n = ReduceL2<axes = [1], keepdims = 1>(x)  c = Clip(n, least)  s = Shape(x)  e = Expand(c, s)
            y = Div(x, e) }""",
        [], ["normalize"],
    ),
    "SSD's L2Norm": (
        17, """g (float[N,6,4,4] x) => (float[N,6,4,4] y) <float two = {2}, float eps = {1e-10}, int64[1] axis = {1}> {
            p = Pow(x, two)  t = ReduceSum<keepdims = 1>(p, axis)  r = Sqrt(t)  n = Add(r, eps)
            d = Div(x, n)  y = Mul(w, d) }""",
        [("w", (1, 6, 1, 1))], ["pow", "reduce_sum", "sqrt", "add", "div", "scale"],
    ),
    "norms along an axis": (
        18, """g (float[N,6,4,4] x) => (float[N,6,1,4] y) <int64[1] axis = {2}> {
            a = ReduceL1(x, axis)  b = ReduceL2(x, axis)  c = ReduceSumSquare(x, axis)
            d = Add(a, b)  y = Sub(d, c) }""",
        [], ["abs", "reduce_sum", "pow", "reduce_sum", "sqrt", "pow", "reduce_sum", "add", "sub"],
    ),
    "an embedding of positions": (
        13,
        """g (float[N,6,4,4] x) => (float[N,16,6] y) <int64[3] rows = {0, 6, 16}> {
            a = Reshape(x, rows)  b = Transpose<perm = [0, 2, 1]>(a)  y = Add(b, p) }""",
        [("p", (1, 16, 6))], ["reshape", "transpose", "bias"],
    ),
    "every second row, mirrored": (
        13,
        f"""g ({IMAGE}) => (float[N,4,4,8] y)
        <int64[2] s = {{1, -1}}, int64[2] e = {{8, -9}}, int64[2] axes = {{2, 3}}, int64[2] by = {{2, -1}}> {{
            y = Slice(x, s, e, axes, by) }}""",
        [], ["slice", "slice"],
    ),
    "channels in another order": (
        13, f"g ({IMAGE}) => (float[N,3,8,8] y) <int64[3] i = {{2, 0, -1}}> {{ y = Gather<axis = 1>(x, i) }}",
        [], ["gather"],
    ),
    "the first of some tokens": (
        13, "g (float[N,5,6] x) => (float[N,6] y) <int64 i = {0}> { y = Gather<axis = 1>(x, i) }", [],
        ["gather", "flatten"],
    ),
    "attention without heads": (
        17,
        """g (float[N,5,6] x) => (float[N,5,6] y) <float root = {0.408}> {
            a = LayerNormalization(x, s, b0)  b = MatMul(a, q)  c = MatMul(a, k)  d = MatMul(a, v)
            t = Transpose<perm = [0, 2, 1]>(c)  e = MatMul(b, t)  f = Mul(e, root)  g1 = Softmax(f)
            h = MatMul(g1, d)  y = Add(x, h) }""",
        [("s", (6,)), ("b0", (6,)), ("q", (6, 6)), ("k", (6, 6)), ("v", (6, 6))],
        ["layernorm", "dense", "dense", "dense", "transpose", "matmul", "mul", "softmax", "matmul", "add"],
    ),
    "two values of one layer, moved before the batch": (
        13,
        """g (float[N,4,12] x) => (float[N,2,4,4] y)
        <int64[5] apart = {0, 4, 2, 2, 3}, int64 first = {0}, int64 second = {1}> {
            a = Reshape(x, apart)  b = Transpose<perm = [2, 0, 3, 1, 4]>(a)
            q = Gather<axis = 0>(b, first)  k = Gather<axis = 0>(b, second)
            t = Transpose<perm = [0, 1, 3, 2]>(k)  y = MatMul(q, t) }""",
        [], ["split", "reshape", "transpose", "reshape", "transpose", "matmul"],
    ),
    "a power of values": (
        13, f"g ({IMAGE}) => (float[N,4,8,8] y) {{ a = Abs(x)  b = Sigmoid(x)  y = Pow(a, b) }}", [],
        ["abs", "sigmoid", "pow"],
    ),
    "the last of equal values": (
        13,
        f"""g ({IMAGE}) => (float[N,1,8,8] y) {{
            a = ArgMax<axis = 1, select_last_index = 1>(x)  y = Cast<to = 1>(a) }}""",
        [], ["argmax"],
    ),
    "quantised values and weights": (
        13,
        f"""g ({IMAGE}) => (float[N,2,8,8] y)
        <float s = {{0.05}}, uint8 z = {{128}}, float[2] ws = {{0.01, 0.02}}, int8[2] wz = {{0, 3}},
         int8[2,4,1,1] w = {{1, -2, 3, -4, 100, -100, 127, -128}},
         float bs = {{0.0005}}, int32[2] b = {{1000, -2000}}> {{
            q = QuantizeLinear(x, s, z)  a = DequantizeLinear(q, s, z)
            weight = DequantizeLinear<axis = 0>(w, ws, wz)  bias = DequantizeLinear(b, bs)
            y = Conv(a, weight, bias) }}""",
        [], ["quantize", "dequantize", "conv"],
    ),
    "steps for each channel": (
        13,
        f"""g ({IMAGE}) => (float[N,4,8,8] y) <float[4] s = {{0.1, 0.2, 0.3, 0.4}}, int8[4] z = {{0, 1, -2, 3}}> {{
            q = QuantizeLinear(x, s, z)  y = DequantizeLinear(q, s, z) }}""",
        [], ["quantize", "dequantize"],
    ),
    "a fixed batch is open": (
        13, "g (float[2,4,8,8] x) => (float[2,256] y) <int64[2] s = {2, 256}> { y = Reshape(x, s) }", [], ["flatten"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("opset", "text", "weights", "expected"), CASES.values(), ids=CASES)
def test_is_read(opset, text, weights, expected):
    data = model_of(text, weights, opset)
    assert words(imported(data).graph) == expected
    assert_verified(data)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            f"g ({IMAGE}) => (float[N,4,8,8] y) {{ a = Relu(x)  b = Erf(a)  y = Relu(b) }}",
            "node `b` (Erf) has no counterpart in a spec: a spec has no such operation on computed values",
        ),
        (
            "g (float[N,4] x, float[N,4] z) => (float[N,N] y) { t = Transpose(z)  y = MatMul(x, t) }",
            "node `y` (MatMul) has no counterpart in a spec: it works across the batch, wherever that is",
        ),
        (
            "g (float[N,4] x) => (float[4,N] y) { t = Transpose(x)  s = Shape(t)  y = Reshape(t, s) }",
            "node `y` (Reshape) has no counterpart in a spec: it is returned with its batch elsewhere than as the "
            "first axis: let the network return it with the batch first",
        ),
        (
            "g (float[N,4,2,3] x) => (float[N,1,3] y) <int64[3] s = {-1, 2, 3}, int64[3] b = {-1, 1, 3}> {"
            " f = Reshape(x, s)  c = Conv(f, w)  y = Reshape(c, b) }",
            "node `c` (Conv) has no counterpart in a spec: it reads a value whose batch is not an axis of its own, or "
            "not the first: a spec has one item at a time",
        ),
        (
            "g (float[N,4] x) => (bool[N,4] y) { y = Equal(x, x) }",
            "node `y` (Equal) has no counterpart in a spec: a spec has no such operation on computed values",
        ),
        (
            'g (float[N,4] x, float[N,4] z) => (float[N,N] y) { y = Einsum<equation = "ni,mi->nm">(x, z) }',
            "node `y` (Einsum) has no counterpart in a spec: it works across the batch",
        ),
        (
            'g (float[N,4,4] x, float[N,4] z) => (float[N,4] y) { y = Einsum<equation = "nii,ni->ni">(x, z) }',
            "node `y` (Einsum) has no counterpart in a spec: it takes a diagonal",
        ),
        (
            f"g ({IMAGE}) => (int64[N,4,4,4] i) {{ y, i = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(x) }}",
            "node `y` (MaxPool) has no counterpart in a spec: its positions count through all channels and items, and "
            "only MaxUnpool has a counterpart that reads them",
        ),
        (
            f"g ({IMAGE}) => (float[N,5,8,8] y) {{ y = Conv(x, w) }}",
            "node `y` (Conv) has no counterpart in a spec: it reads `w`, which nothing makes",
        ),
    ],
)
def test_what_a_spec_cannot_say_is_one_line_with_the_node(text, message):
    assert refusal(model_of(text)) == f"<memory>: {message}"
