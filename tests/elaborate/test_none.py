"""`none` stands for an argument that is not given, wherever that is the default."""

from __future__ import annotations

import pytest

import specc
from specc.ops import BY_WORD
from specc.ops.base import Op

NEEDED = {
    "conv": "8, 3x3", "depthwise": "3x3", "separable": "8, 3x3", "deconv": "8, 3x3", "dense": "10", "pad": "1",
    "upsample": "2", "crop": "size=4", "resize": "size=8", "slice": "height", "learned": "3x8x8", "reshape": "24x8",
    **dict.fromkeys(("maxpool", "minpool", "avgpool", "lppool", "weightedpool"), "2x2"),
}  # fmt: skip
BEFORE = {"dense": "flatten; ", "squeeze": "global_avgpool; "}
INSTEAD = {("crop", "size"): "amount=1", ("resize", "size"): "like=image", ("resize", "like"): "size=8"}


def optional(op: type[Op]) -> list[str]:
    """The arguments that are `none` unless they are given."""
    fields = [name for name, field in op.model_fields.items() if field.default is None and name not in op.context]
    return [*fields, *[*op.operands][op.arity[0] - 1 :]]


ARGUMENTS = [(word, name) for word, op in BY_WORD.items() for name in optional(op)]


def lines(word: str, argument: str) -> tuple[str, str]:
    """A line with `none`, and the same line without the argument."""
    if word == "unpool":
        line = f"pooled, where: maxpool 2x2; unpool where, 2x2, {argument}=none"
    else:
        needed = INSTEAD.get((word, argument), NEEDED.get(word, ""))
        line = f"{BEFORE.get(word, '')}{word} {needed}{', ' if needed else ''}{argument}=none"
    return line, line.replace(f", {argument}=none", "").replace(f" {argument}=none", "")


def test_there_are_arguments_that_are_none_unless_they_are_given() -> None:
    assert {("maxpool", "stride"), ("conv", "weight"), ("crop", "like"), ("slice", "start")} <= {*ARGUMENTS}


@pytest.mark.parametrize(("word", "argument"), ARGUMENTS)
def test_none_is_the_default_as_a_word_and_in_a_parameter(word: str, argument: str) -> None:
    given, left_out = lines(word, argument)
    model = "block unit(chosen = none) {{ {} }}\nmodel Net {{ input image 3x8x8; {}; identity }}"
    graphs = [
        specc.loads(model.format(block, line)).graph
        for block, line in (
            ("relu; chosen", left_out),
            ("relu; chosen", given),
            (given.replace("=none", "=chosen").replace("like=image", "like=in"), "unit"),
        )
    ]
    without, written, within = ([node.op for node in graph.nodes] for graph in graphs)
    assert written == without
    assert within == without
