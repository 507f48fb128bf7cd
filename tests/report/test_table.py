"""The table that `specc check` prints, as a reader sees it."""

from __future__ import annotations

import re

import pytest
from chains import H, W, conv, graph, image

from specc.analysis import Summary, summarise
from specc.dims import Dim
from specc.report.columns import Column, Style, draw
from specc.report.table import render
from specc.textwidth import text_width


def small(h: Dim = 32, w: Dim = 32, block: str = "block") -> Summary:
    """A convolution, one residual block, and a head."""
    return summarise(
        graph(
            image(3, h, w),
            ("stem", "conv", conv(16, 3, stride=2, pad=1)),
            ("stem+relu", "relu", {}),
            (f"{block}.conv1", "conv", conv(16, 3, pad=1, bias=False)),
            (f"{block}.bn1", "bn", {}),
            (f"{block}.sum", "add", {}, f"{block}.bn1", "stem.relu"),
            ("head", "conv", conv(10, 1)),
            name="Small",
            doc="A stem, one residual\nblock, and a head.",
        )
    )


def test_at_120_columns() -> None:
    assert (
        render(small(), 120)
        == """\
Model: Small (net.cnn)
A stem, one residual block, and a head.
───────────────────────────────────────────────────────────────────────────────────
Layer (type)        Output shape  Param #     MACs  Field / stride  Connected to
───────────────────────────────────────────────────────────────────────────────────
image (input)       3x32x32
stem (conv + relu)  16x16x16          448  110,592           3 / 2
block.conv1 (conv)  16x16x16        2,304  589,824           7 / 2
block.bn1 (bn)      16x16x16           32                    7 / 2
block.sum (add)     16x16x16            0                    7 / 2  block.bn1, stem
head (conv)         10x16x16          170   40,960           7 / 2
───────────────────────────────────────────────────────────────────────────────────
Total params: 2,954 (11.54 KB)
Trainable params: 2,954 (11.54 KB)
Non-trainable params: 0 (0.00 B)
Buffers: 32 (128.00 B)
MACs: 741,376
Weight memory: 11.66 KB
Peak activation memory: 48.00 KB
Receptive field: 7
Depth: 3 weighted layers
"""
    )


@pytest.mark.parametrize(
    ("width", "titles", "left"),
    [
        (83, "Layer (type) Output shape Param # MACs Field / stride Connected to", ""),
        (80, "Layer (type) Output shape Param # MACs Connected to", "Field / stride"),
        (66, "Layer (type) Output shape Param # MACs Field / stride", "Connected to"),
        (60, "Layer (type) Output shape Param # MACs", "Field / stride, Connected to"),
        (45, "Layer (type) Output shape Param #", "MACs, Field / stride, Connected to"),
    ],
)
def test_columns_that_have_no_room_are_named_below(width: int, titles: str, left: str) -> None:
    _, title, *rest = "\n".join(render(small(), width).splitlines()[2:]).split("\n")
    below = " ".join(rest).partition("170")[2].partition("Total")[0]
    assert " ".join(title.split()) == titles
    assert (f"No room for {left}: use COLUMNS=83 or --format csv" in below) == bool(left)
    assert "No room" not in render(small(), 83)


def test_open_sizes_in_ascii() -> None:
    net = graph(
        image(3, H, W),
        ("a", "conv", conv(8, 3, pad="same")),
        ("b", "maxpool", {"kernel": 2}),
        ("c", "upsample", {"scale": 2}),
        ("d", "concat", {}, "a", "c"),
        name="Open",
    )
    assert (
        render(summarise(net), 80, Style(unicode=False))
        == """\
Model: Open (net.cnn)
----------------------------------------------------------------------------
Layer (type)   Output shape   Param #     MACs  Field / stride  Connected to
----------------------------------------------------------------------------
image (input)  3xHxW
a (conv)       8xHxW              224  216*H*W           3 / 1
b (maxpool)    [8, H/2, W/2]        0                    4 / 2
c (upsample)   8xHxW                0                    4 / 1
d (concat)     16xHxW               0                    4 / 1  a, c
----------------------------------------------------------------------------
Total params: 224 (896.00 B)
Trainable params: 224 (896.00 B)
Non-trainable params: 0 (0.00 B)
MACs: 216*H*W
Weight memory: 896.00 B
Peak activation memory: 128*H*W bytes
Receptive field: 4
Depth: 1 weighted layer
Open sizes: H must be a multiple of 2; W must be a multiple of 2
"""
    )


def test_a_linear_model_has_no_connections() -> None:
    summary = summarise(graph(image(1, 28, 28), ("flatten1", "flatten", {}), ("dense1", "dense", {"units": 10})))
    assert "Connected to" not in render(summary)
    assert "dense1 (dense)" in render(summary)


def test_hwc_models_are_shown_as_they_speak() -> None:
    net = graph(image(3, 32, 32), ("a", "conv", conv(8, 3)), layout="hwc")
    assert re.search(r"image \(input\) +32x32x3\n.*30x30x8", render(summarise(net)))


@pytest.mark.parametrize(
    ("width", "row"),
    [
        (80, "\nstage12.層.a_name…0.conv1 (conv)  16x16x16        2,304  589,824"),
        (50, "\nst…12.層.a_n…0.conv1 (conv)  16x16x16        2,304\n"),
        (45, "\nsta…12.層.a_na…0.conv1  16x16x16        2,304\n"),
    ],
)
def test_long_names_are_abbreviated_and_keep_their_numbers_and_their_type(width: int, row: str) -> None:
    assert row in render(small(block="stage12.層.a_name_that_is_really_very_long_indeed0"), width)


def test_the_type_goes_before_the_parts_of_a_name() -> None:
    cells = ["stage1.0.bottleneck1.queries"] * 2
    column = Column("Layer (type)", cells, least=9, names=True, tails=[" (layernorm)", ""])
    shown = {width: list(draw([column], width, Style()))[3:5] for width in (40, 39, 29, 27, 15, 12)}
    assert shown == {
        40: ["stage1.0.bottleneck1.queries (layernorm)", "stage1.0.bottleneck1.queries"],
        39: ["stage1.0.bottlene…1.queries (layernorm)", "stage1.0.bottleneck1.queries"],
        29: ["s…1.0.b…1.queries (layernorm)", "stage1.0.bottleneck1.queries"],
        27: ["stage1.0.bottlene…1.queries", "stage1.0.bottlene…1.queries"],
        15: ["….0.b…1.queries", "….0.b…1.queries"],
        12: ["…b…1.queries", "…b…1.queries"],
    }


def test_many_connections_go_on_in_the_next_line() -> None:
    branches = [(f"branch{i}", "relu", {}, "image") for i in range(6)]
    net = graph(image(3, 8, 8), *branches, ("all", "concat", {}, *(f"branch{i}" for i in range(6))))
    lines = render(summarise(net), 80).splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("all (concat)"))
    assert [line.split("  ")[-1].strip() for line in lines[at : at + 2]] == [
        "branch0, branch1, branch2, branch3,", "branch4, branch5",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [40, 57, 80, 100, 120])
@pytest.mark.parametrize("block", ["b", "stage.0." * 20 + "end", "\u200b層の名" * 10])
@pytest.mark.parametrize("sizes", [(32, 32), (10**12, 10**12), (H, W)])
def test_no_line_is_wider_than_the_terminal(width: int, block: str, sizes: tuple[Dim, Dim]) -> None:
    text = render(small(*sizes, block=block), width)
    table = [line for line in text.splitlines() if not line.startswith(("MACs:", "Peak", "    "))]
    assert max(map(text_width, table)) <= width
    rules = [line for line in table if line.startswith("─")]
    assert len(set(rules)) == 1


def test_colour_is_only_paint() -> None:
    painted = render(small(), 120, Style(colour=True))
    assert "\x1b[1mTotal params:\x1b[0m" in painted
    assert re.sub(r"\x1b\[\d+m", "", painted) == render(small(), 120)


def test_the_least_important_column_goes_first() -> None:
    columns = [Column("kept", ["a" * 30]), Column("second", ["b" * 30], drop=1), Column("first", ["c" * 30], drop=2)]
    titles = [list(draw(columns, width, Style()))[1].split() for width in (94, 93, 61)]
    assert titles == [["kept", "second", "first"], ["kept", "second"], ["kept"]]
