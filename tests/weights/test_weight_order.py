"""Which tensor of a file becomes which of the model: names first, then the order of layers, and what both leave open.

Models and files are chains of 1x1 convolutions without biases: `stem 3-4` is a layer from 3 to 4 channels.
"""

import numpy as np
import pytest

from specc.ir.build import GraphBuilder
from specc.ir.graph import Graph, GraphInput, GraphOutput
from specc.ops.conv import Conv
from specc.types import TensorType
from specc.weights.match import match
from specc.weights.tensors import Weights


def layers(text: str) -> list[tuple[str, int, int]]:
    """`stem 3-4, head 4-2` as names and channels."""
    found = []
    for item in text.split(", "):
        name, _, sizes = item.partition(" ")
        before, after = sizes.split("-")
        found.append((name, int(before), int(after)))
    return found


def model(text: str) -> Graph:
    build = GraphBuilder("Chain")
    value = build.add_input(GraphInput(name="image", type=TensorType((1, layers(text)[0][1], 8, 8))))
    for name, _, channels in layers(text):
        (value,) = build.add(name, Conv(channels=channels, kernel=(1, 1), bias=False), (value,))
    build.outputs.append(GraphOutput(name="y", value=value))
    return build.finish()


def file(text: str) -> Weights:
    """Every layer filled with the number of its place."""
    found = enumerate(layers(text))
    return Weights.of({f"{name}.weight": np.full((b, a, 1, 1), float(i)) for i, (name, a, b) in found})


def matched(ours: str, theirs: str, *, strict: bool = True) -> str:
    """The layer of the file for each of the model, `-` where there is none; or `E0801`."""
    _, table, diagnostics = match(model(ours), file(theirs), strict=strict)
    if diagnostics:
        return diagnostics[0].code
    return " ".join((row.source or "-").removesuffix(".weight") if row.fits else "-" for row in table.rows)


CHAIN = "stem 3-4, conv1 4-4, conv2 4-4, head 4-2"


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ("stem 3-4, conv1 4-4, conv2 4-4, head 4-2", "stem conv1 conv2 head"),
        ("head 4-2, conv2 4-4, stem 3-4, conv1 4-4", "stem conv1 conv2 head"),  # names need no order
        ("a 3-4, b 4-4, c 4-4, d 4-2", "a b c d"),
        ("stem 3-4, b 4-4, c 4-4, head 4-2", "stem b c head"),  # order is asked about what names leave
        ("stem 3-4, conv2 4-4, conv1 4-4, fc 4-2", "stem conv1 conv2 fc"),  # names count more than order
        ("conv1 3-4, conv2 4-4, conv3 4-4, fc 4-2", "E0801"),  # numbered otherwise: is its conv2 ours, or its second?
        ("a 4-4, stem 3-4, c 4-4, head 4-2", "E0801"),  # one of them stands before `stem`, none of ours does
        ("a 3-4, b 4-4, d 4-2", "E0801"),
    ],
)
def test_names_that_fit_stay_and_order_decides_about_the_others(theirs, expected):
    assert matched(CHAIN, theirs) == expected


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ("a 3-4, b 4-4, c 4-4", "a b c -"),  # without its head
        ("a 3-4, b 4-4, c 4-4, d 4-9", "a b c -"),  # with another head
        ("a 1-4, b 4-4, c 4-4, d 4-2", "- b c d"),  # for grey images
        ("a 1-4, b 4-4, c 4-4, d 4-9", "- b c -"),
        ("b 4-4, c 4-4, d 4-2", "- b c d"),
        ("a 3-4, b 4-4, c 4-4, d 4-2, e 2-7", "a b c d"),  # with more behind the head
        ("stem 3-4, b 4-4, c 4-4", "stem b c -"),
        ("stem 3-4, b 4-4, head 4-2", "stem - - head"),  # `b` may be `conv1` or `conv2`: neither is guessed
        ("stem 3-4, b 4-4, head 4-9", "stem - - -"),
        ("a 3-4, b 4-4", "E0801"),  # without names nothing fits
        ("a 3-4, b 4-4, d 4-2", "E0801"),
        ("a 3-8, b 8-8, c 8-9, d 4-2", "E0801"),  # another network with the same head
    ],
)
def test_lenient_uses_what_fits_where_that_can_be_meant_in_one_way_only(theirs, expected):
    assert matched(CHAIN, theirs, strict=False) == expected
    assert matched(CHAIN, theirs) == "E0801"


def test_values_come_from_the_layer_that_the_table_names():
    weights, table, _ = match(model(CHAIN), file("a 3-4, b 4-4, c 4-4, d 4-9"), strict=False, seed=1)
    assert [weights[row.name].flat[0] for row in table.rows[:3]] == [0, 1, 2]
    assert weights.seeded == {"head.weight"}
    assert weights.seed == 1
    assert [row.ordered for row in table.rows] == [True, True, True, False]
    assert table.surplus == (("d.weight", (9, 4, 1, 1)),)


def test_the_error_tells_where_a_name_and_the_order_disagree_and_how_to_go_on():
    _, _, (error,) = match(model(CHAIN), file("conv1 3-4, conv2 4-4, conv3 4-4, fc 4-2"))
    assert error.notes[-1] == ("in the order of layers all would fit, but then `conv1.weight` would be `stem.weight`")
    assert error.help.startswith("--map RULES (from Python mapping=) renames the tensors of the file; --lenient ")
    _, _, (error,) = match(model(CHAIN), file("x 1-1"))
    assert "--lenient" not in error.help  # nothing fits, so that it would not help


@pytest.mark.parametrize(
    ("theirs", "told"),
    [
        ("a 3-4, b 4-4, c 4-8, d 8-2", "all fit up to `conv1.weight`, which would be `b.weight`; then "
         "`conv2.weight` 4x4x1x1 would be `c.weight` 8x4x1x1 of the file"),
        ("a 1-4, b 4-4, c 4-4, d 4-2", "`stem.weight` 4x3x1x1 would be `a.weight` 4x1x1x1 of the file"),
        ("a 3-4, b 4-4", "all fit up to `conv1.weight`, which would be `b.weight`; then "
         "nothing is there for `conv2.weight` 4x4x1x1"),
        ("a 3-4, b 4-4, c 4-4, d 4-2, e 2-7", "all fit up to `head.weight`, which would be `d.weight`; then "
         "nothing is there for `e.weight` 7x2x1x1 of the file"),
        ("stem 3-4, b 4-4, c 4-4, d 4-9", "all fit up to `conv2.weight`, which would be `c.weight`; then "
         "`head.weight` 2x4x1x1 would be `d.weight` 9x4x1x1 of the file"),
    ],
)  # fmt: skip
def test_the_error_tells_where_the_orders_part(theirs, told):
    _, _, (error,) = match(model(CHAIN), file(theirs))
    assert error.notes[-1] == f"in the order of layers {told}"


def test_of_a_layer_the_tensor_is_told_that_the_other_side_lacks():
    build = GraphBuilder("Biased")
    value = build.add_input(GraphInput(name="image", type=TensorType((1, 3, 8, 8))))
    for name, bias in (("stem", False), ("head", True)):
        (value,) = build.add(name, Conv(channels=4, kernel=(1, 1), bias=bias), (value,))
    build.outputs.append(GraphOutput(name="y", value=value))
    _, _, (error,) = match(build.finish(), file("a 3-4, b 4-4"))
    assert error.notes[-1].endswith("`a.weight`; then nothing is there for `head.bias` 4")


@pytest.mark.parametrize("theirs", ["stem 3-4, conv1 4-4, conv2 4-8, head 4-2", "stem 3-4, conv1 4-4, conv2 4-4"])
def test_where_the_rows_tell_which_tensors_do_not_fit_the_order_is_left_out(theirs):
    _, _, (error,) = match(model(CHAIN), file(theirs))
    assert [note for note in error.notes if "order" in note] == []


def test_sorted_names_have_no_order_to_go_by():
    tensors = file("a 3-4, b 4-4, c 4-4").tensors
    assert match(model(CHAIN), Weights(tensors, ()), strict=False)[2][0].code == "E0801"
