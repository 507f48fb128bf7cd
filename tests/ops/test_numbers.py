"""Numbers among the operands of a merge: one for all elements, or one for each channel."""

import numpy as np
import pytest
from lowering import assert_within_bound, float64_outputs, image, model_of, nodes_of, numbers, rejected

import specc
from specc.ops import BY_WORD

LIST = (0.5, -2.0, 3.0)
COLUMN = np.float64(LIST)[:, None, None]
CASES = [
    ("add", (None, 3.0), lambda x: x + 3),
    ("add", (1.0, None, LIST), lambda x: x + 1 + COLUMN),
    ("sub", (None, 0.1), lambda x: x - np.float32(0.1)),
    ("sub", (1.0, None), lambda x: 1 - x),
    ("sub", (LIST, None), lambda x: COLUMN - x),
    ("mul", (None, 0.17), lambda x: x * np.float32(0.17)),
    ("mul", (LIST, None, 2.0), lambda x: x * COLUMN * 2),
    ("div", (None, 6.0), lambda x: x / 6),
    ("div", (None, LIST), lambda x: x / COLUMN),
    ("div", (1.0, None), lambda x: 1 / x),
    ("max", (None, 0.25), lambda x: np.maximum(x, 0.25)),
    ("min", (LIST, None), lambda x: np.minimum(x, COLUMN)),
    ("pow", (None, 2.0), np.square),
    ("pow", (None, -0.5), lambda x: x**-0.5),
    ("pow", (2.5, None), lambda x: 2.5**x),
]


@pytest.mark.parametrize(("word", "constants", "function"), CASES)
def test_numpy_and_onnx_runtime(word, constants, function):
    op, x = BY_WORD[word](constants=constants), numbers(2, 3, 4, 5)
    x = abs(x) if word == "pow" else x
    ((y,), _) = float64_outputs(op, [x], {})
    np.testing.assert_allclose(y, function(x.astype(np.float64)), rtol=1e-14)
    assert_within_bound(op, x)


def test_a_list_on_a_flat_value_has_a_number_for_each_feature():
    op, x = BY_WORD["sub"](constants=(LIST, None)), numbers(2, 3)
    np.testing.assert_allclose(op.compute([x], {})[0], np.float32(LIST) - x)
    assert_within_bound(op, x)


@pytest.mark.parametrize(("word", "constants", "function"), CASES)
def test_sixteen_bits_round_the_numbers_too(word, constants, function):
    """The bound holds where every number is off by one part in 2048."""
    op, x, u = BY_WORD[word](constants=constants), abs(numbers(2, 3, 4, 5)).astype(np.float64), 2.0**-11
    (y,) = op.compute([x], {})
    (bound,) = op.error_bound([x], {}, [y], u)
    (moved,) = BY_WORD[word](constants=changed(constants, 1 + u)).compute([x], {})
    assert np.all(abs(moved - y) <= bound)


def changed(constants, factor):
    return tuple(
        tuple(number * factor for number in constant) if isinstance(constant, tuple) else constant and constant * factor
        for constant in constants
    )


@pytest.mark.parametrize(
    ("word", "constants", "shape", "code", "message"),
    [
        ("mul", (None, LIST), (4, 5, 5), "E0406", "`mul` lists 3 numbers for 4 channels"),
        ("add", (None, LIST), (1, 5, 5), "E0406", "`add` lists 3 numbers for 1 channels"),
        ("add", (None, LIST), ("C", 5, 5), "E0407", "`add` needs a known number of input channels, not C"),
        ("div", (None, 0.0), (3, 5, 5), "E0305", "`div` cannot divide by 0"),
        ("div", (None, (1.0, -0.0, 2.0)), (3, 5, 5), "E0305", "`div` cannot divide by 0"),
        ("div", (None, 1e-40), (3, 5, 5), "E0305", "`div` cannot divide by 1e-40"),
    ],
)
def test_refusals(word, constants, shape, code, message):
    finding = rejected(BY_WORD[word](constants=constants), image(*shape))
    assert (finding.code, finding.message) == (code, message)


def test_numbers_are_operands_of_one_onnx_node_and_no_weights():
    op = BY_WORD["add"](constants=(3.0, None, LIST))
    assert nodes_of(op, image(3, 4, 4)) == ["Sum"]
    assert op.weights((image(3, 4, 4),)) == ()
    names = [tensor.name for tensor in model_of(op, [image(3, 4, 4)], {}).graph.initializer]
    assert names == ["layer/constant", "layer/constant_2"]


SPEC = """
model Net {
    input image 3x4x4
    sub [103.9, 116.8, 123.7]
    x: mul 0.25, from=image
    add x, in
    add 2, from=x
    sub 1, in
}
"""


def test_what_a_spec_says():
    """With one number the line before is the first operand, or what `from` names in its place."""
    model = specc.loads(SPEC)
    assert [(node.op.word, node.inputs, node.op.constants) for node in model.graph.nodes] == [
        ("sub", ("image",), (None, (103.9, 116.8, 123.7))),
        ("mul", ("image",), (None, 0.25)),
        ("add", ("x", "x"), ()),
        ("add", ("x",), (None, 2.0)),
        ("sub", ("add2",), (1.0, None)),
    ]
    assert type(model.graph).model_validate_json(model.graph.model_dump_json()) == model.graph
