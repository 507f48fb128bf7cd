"""Did you mean ...?"""

from __future__ import annotations

import pytest

from specc.diagnostics.suggest import edit_distance, nearest, only_possible
from specc.ops import BY_WORD

ARGUMENTS = (
    "channels",
    "kernel",
    "stride",
    "pad",
    "dilation",
    "groups",
    "bias",
    "border",
    "round",
    "init",
    "act",
    "from",
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("cnv", "conv"),
        ("convv", "conv"),
        ("Conv", "conv"),
        ("ocnv", "conv"),
        ("dence", "dense"),
        ("maxpol", "maxpool"),
        ("avgpoll", "avgpool"),
        ("Conv2D", "conv"),
        ("Linear", "dense"),
        ("fc", "dense"),
        ("GlobalAveragePooling2D", "global_avgpool"),
        ("nn.Conv2d", "conv"),
        ("pool", "maxpool"),
        ("convtranspose", "deconv"),
        ("permute", "transpose"),
        ("transformer", None),
        ("x", None),
    ],
)
def test_operations(written: str, meant: str | None) -> None:
    assert nearest(written, BY_WORD) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [("strid", "stride"), ("padding", "pad"), ("filters", "channels"), ("kernel_size", "kernel"), ("zzz", None)],
)
def test_arguments(written: str, meant: str | None) -> None:
    assert nearest(written, ARGUMENTS) == meant


def test_the_longest_common_beginning_wins_among_equals() -> None:
    assert nearest("stage3", ["stage2", "stage1", "xtage3"]) == "stage1"
    assert nearest("conv9", ["donv9", "conv8"]) == "conv8"


def test_the_order_of_candidates_does_not_matter() -> None:
    assert nearest("ad", ["add", "pad"]) == nearest("ad", ["pad", "add"]) == "add"


@pytest.mark.parametrize(
    ("left", "right", "edits"),
    [("", "", 0), ("", "abc", 3), ("conv", "conv", 0), ("abcd", "abdc", 1), ("ca", "abc", 3)],
)
def test_edit_distance(left: str, right: str, edits: int) -> None:
    assert edit_distance(left, right) == edit_distance(right, left) == edits


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("cnov", "conv"),
        ("nn.Conv2d", "conv"),
        ("permute", "transpose"),
        ("glu", None),  # `elu`, `gelu` and `celu` are as near
        ("elo", None),  # a letter of three
        ("softmin", None),  # two letters of seven
    ],
)
def test_what_can_only_be_meant(written: str, meant: str | None) -> None:
    assert only_possible(written, BY_WORD) == meant
