"""quantize, dequantize, round: halves go to the even number, ranges are kept, lists are for an axis."""

import numpy as np
import pytest
from lowering import assert_within_bound, float64_outputs, image, numbers, rejected

from specc.ir.build import GraphBuilder
from specc.ir.graph import GraphInput, GraphOutput
from specc.onnx import emit_model
from specc.ops import BY_WORD

TWO = [(0.5, 3), ((0.1, 0.2, 0.4), (0, 5, 250))]


def row(*values):
    return np.float32([values])


@pytest.mark.parametrize(
    ("arguments", "x", "wanted"),
    [
        ({"scale": 2.0}, row(1, 3, 5, 7, -1, 600), row(0, 2, 2, 4, 0, 255)),  # 0.5, 1.5, 2.5, 3.5
        ({"scale": 0.5, "zero": 128}, row(-100, -0.5, 0, 0.75, 100), row(0, 127, 128, 130, 255)),
        ({"scale": 1.0, "dtype": "int8"}, row(-200, -2.5, 2.5, 200), row(-128, -2, 2, 127)),
        ({"scale": 1.0, "zero": 1, "dtype": "uint16"}, row(-2, 1e9, 7), row(0, 65535, 8)),
        ({"scale": 1.0, "dtype": "int16"}, row(-1e9, 1e9), row(-32768, 32767)),
        ({"scale": (1.0, 2.0), "zero": (0, 10)}, row(3, 3), row(3, 12)),
    ],
)
def test_whole_numbers(arguments, x, wanted):
    (y,) = BY_WORD["quantize"](**arguments).compute([x], {})
    np.testing.assert_array_equal(y, wanted)


def test_there_and_back_is_within_half_a_step():
    x = numbers(2, 3, 5, 4)
    (codes,) = BY_WORD["quantize"](scale=0.05, zero=100).compute([x], {})
    (y,) = BY_WORD["dequantize"](scale=0.05, zero=100).compute([codes], {})
    assert np.abs(y - x).max() <= 0.05 / 2 * 1.0001


def test_what_is_no_code_is_rounded_and_cut_first():
    (y,) = BY_WORD["dequantize"](scale=2.0, zero=1).compute([row(-7, 2.5, 3.5, 900)], {})
    np.testing.assert_array_equal(y, row(-2, 2, 6, 508))


@pytest.mark.parametrize("dtype", ["uint8", "int16"])
@pytest.mark.parametrize(("scale", "zero"), TWO)
@pytest.mark.parametrize("word", ["quantize", "dequantize"])
def test_onnx_runtime(word, scale, zero, dtype):
    op = BY_WORD[word](scale=scale, zero=zero, dtype=dtype)
    assert_within_bound(op, numbers(2, 3, 5, 4) * 100, opsets=(21, 23) if dtype == "int16" else (13, 17, 21))


def test_lists_along_another_axis():
    op = BY_WORD["quantize"](scale=(0.1, 0.2, 0.3, 0.4), axis="width")
    assert_within_bound(op, numbers(2, 3, 5, 4) * 9, opened=False)


def test_beside_a_half_one_step_is_allowed_and_nowhere_else():
    """0.3 / 0.2 is 1.5 in decimal and a little off in binary."""
    op = BY_WORD["quantize"](scale=0.2)
    _, (bound,) = float64_outputs(op, [row(0.3, 0.31, 0.5, 1e9)], {})
    np.testing.assert_array_equal(bound, [[1, 0, 1, 0]])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ({"scale": 0.1, "zero": -1}, "E0305", "uint8 has no -1"),
        ({"scale": 0.1, "zero": 128, "dtype": "int8"}, "E0305", "int8 has no 128"),
        ({"scale": (0.1, 0.2)}, "E0406", "`scale` lists 2 numbers for an axis of 3"),
        ({"scale": 0.1, "zero": (1, 2, 3), "axis": "height"}, "E0406", "`zero` lists 3 numbers for an axis of H"),
    ],
)
def test_refusals(arguments, code, message):
    finding = rejected(BY_WORD["quantize"](**arguments), image(3, "H", 4))
    assert (finding.code, finding.message) == (code, message)


def exported(*ops, output=-1):
    build = GraphBuilder("Layers")
    names = [build.add_input(GraphInput(name="image", type=image(3, 5, 4)))]
    for op in ops:
        names.extend(build.add(op.word, op, (names[-1],)))
    build.outputs.append(GraphOutput(name="y", value=names[output]))
    model, _ = emit_model(build.finish(), {})
    return [node.op_type for node in model.graph.node]


def test_a_pair_is_a_pair_of_onnx_nodes_and_other_uses_are_cast():
    pair = [BY_WORD[word](scale=0.1, zero=3) for word in ("quantize", "dequantize")]
    assert exported(*pair) == ["QuantizeLinear", "DequantizeLinear"]
    assert exported(*pair[:1]) == ["QuantizeLinear", "Cast"]
    assert exported(pair[0], BY_WORD["relu"](), pair[1]) == [
        "QuantizeLinear", "Cast", "Relu", "QuantizeLinear", "DequantizeLinear",
    ]  # fmt: skip


def test_round():
    np.testing.assert_array_equal(BY_WORD["round"]().compute([row(0.5, 1.5, 2.5, -0.6)], {})[0], row(0, 2, 2, -1))
    assert_within_bound(BY_WORD["round"](), numbers(2, 3, 5, 4) * 10)
