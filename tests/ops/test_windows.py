"""Where windows lie: floor, ceil, exact and SAME, with known sizes and with open ones."""

import pytest
from layers import LECTURE, image, layer, shape_of

from specc.ops.base import Rejection

SIZES = LECTURE["output_size_no_pad"]["cases"] + LECTURE["output_size_general"]["cases"]


@pytest.mark.parametrize("case", SIZES, ids=lambda c: f"{c['n']}-{c['f']}-{c['stride']}-{c['pad']}")
def test_the_lectures_output_sizes(case):
    x, window = image(1, case["n"]), {"kernel": case["f"], "stride": case["stride"], "pad": case["pad"]}
    assert shape_of(layer("conv", channels=1, **window), x) == (1, case["floor_output_torch"])
    assert shape_of(layer("maxpool", round="ceil", **window), x) == (1, case["ceil_mode_pool_output_torch"])


@pytest.mark.parametrize(
    "case", LECTURE["keras_same_padding"]["cases"], ids=lambda c: f"{c['n']}-{c['f']}-{c['stride']}"
)
def test_keras_same_padding(case):
    (window,) = layer("conv", channels=1, kernel=case["f"], stride=case["stride"], pad="same").placed(
        image(1, case["n"])
    )
    assert (window.output, window.begin, window.end) == (case["out"], case["pad_begin"], case["pad_end"])


@pytest.mark.parametrize("name", LECTURE["maxpool_ceil_mode_last_window_rule"]["cases"])
def test_no_window_starts_behind_the_input(name):
    n, k, s, p = (int(part.split("=")[1]) for part in name.split(","))
    pool = layer("maxpool", kernel=k, stride=s, pad=p, round="ceil")
    expected = LECTURE["maxpool_ceil_mode_last_window_rule"]["cases"][name]["torch_shape"]
    assert list(shape_of(pool, image(1, n, n))[1:]) == expected


# arguments, the formula for the output of an open size H
FORMULAS = [
    ({"kernel": 3, "pad": 1}, "H"),
    ({"kernel": 3}, "H - 2"),
    ({"kernel": 2, "stride": 2}, "(H//2)"),
    ({"kernel": 3, "stride": 2, "pad": 1}, "((H - 1)//2) + 1"),
    ({"kernel": 3, "stride": 2, "pad": "same"}, "((H + 1)//2)"),
    ({"kernel": 3, "stride": 2, "round": "ceil"}, "(H//2)"),
]


@pytest.mark.parametrize(("arguments", "formula"), FORMULAS)
def test_open_sizes(arguments, formula):
    height = shape_of(layer("conv", channels=1, **arguments), image(1, "H"))[1]
    known = [shape_of(layer("conv", channels=1, **arguments), image(1, size))[1] for size in range(7, 17)]
    assert known == [eval(formula, {"H": size}) for size in range(7, 17)]
    assert [eval(str(height), {"H": size}) for size in range(7, 17)] == known


def test_exact_tiling_of_an_open_size_is_a_condition():
    op = layer("maxpool", kernel=2, round="exact")
    assert [str(condition) for condition in op.conditions((image(1, "H", 8),))] == ["H must be a multiple of 2"]
    assert layer("maxpool", kernel=2).conditions((image(1, "H", 8),)) == ()
    assert layer("maxpool", kernel=2, stride=1, round="exact").conditions((image(1, "H"),)) == ()
    overlapping = layer("maxpool", kernel=2, stride=3, round="exact")
    assert [str(condition) for condition in overlapping.conditions((image(1, "L"),))] == [
        "L + 1 must be a multiple of 3"
    ]


def test_dropped_samples_are_called_by_their_axis():
    remarks = layer("conv", channels=1, kernel=3, stride=3).remarks((image(1, 7, 8, 9),))
    assert [r.message for r in remarks] == ["the last slice of 7 and the last 2 rows of 8 are never read"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kernel": 3, "stride": 3}, "the last sample of 7 is never read"),
        ({"kernel": 2, "stride": 5, "dilation": 4}, "the last 2 samples of 7 are never read"),
        ({"kernel": 2, "stride": 3}, "between two windows a sample of the input is never read"),
        ({"kernel": 3, "stride": 2, "pad": (0, 1)}, None),  # leaves out padding only
        ({"kernel": 3, "stride": 3, "round": "ceil"}, None),
        ({"kernel": 2, "stride": 2, "pad": "same"}, None),
    ],
)
def test_dropped_samples_are_remarked_on(arguments, message):
    remarks = layer("conv", channels=1, **arguments).remarks((image(1, 7),))
    assert [(r.code, r.message) for r in remarks] == ([("W0101", message)] if message else [])


@pytest.mark.parametrize(
    ("arguments", "size", "first"),
    [
        ({"kernel": 3}, 9, 0),
        ({"kernel": 3, "pad": (2, 1)}, 9, -2),
        ({"kernel": 4, "pad": "same"}, "L", -1),
        ({"kernel": 3, "stride": 2, "pad": "same"}, 9, -1),
        ({"kernel": 3, "stride": 2, "pad": "same"}, "L", None),  # 0 where L is even, -1 where it is odd
    ],
)
def test_where_the_first_window_begins(arguments, size, first):
    (reach,) = layer("conv", channels=1, **arguments).reach((image(1, size),))
    assert reach.first == first


@pytest.mark.parametrize(
    ("arguments", "sizes", "axis", "note", "help"),
    [
        ({"kernel": 2, "pad": 2}, (9,), "length", "2 of padding, and the window spans 2", "`pad=same` keeps the size"),
        ({"kernel": 3, "pad": (0, 4)}, (9,), "length", "4 of padding, and the window spans 3",
         "`pad=same` keeps the size"),
        ({"kernel": (1, 3), "pad": 1}, (9, 9), "height", "1 of padding, and the window spans 1",
         "`pad=(0, 1)` leaves these out; `pad=same` keeps the size"),
        ({"kernel": (3, 1), "pad": 1}, (9, 9), "width", "1 of padding, and the window spans 1",
         "`pad=(1, 0)` leaves these out; `pad=same` keeps the size"),
        ({"kernel": 1, "pad": 1}, (9,), "length", "1 of padding, and the window spans 1",
         "leave it out: a window of 1 loses no border"),
    ],
)  # fmt: skip
def test_windows_that_hold_nothing_but_padding_are_remarked_on(arguments, sizes, axis, note, help):
    (remark,) = layer("conv", channels=1, **arguments).remarks((image(1, *sizes),))
    message = f"windows at the border of the {axis} hold nothing but padding"
    assert (remark.code, remark.message, remark.argument) == ("W0107", message, "pad")
    assert (remark.notes, remark.help) == ([f"{axis}: {note}"], help)


# arguments, sizes, how they come about: told once where all axes have the same numbers
ARITHMETIC = [
    ({"kernel": 3, "stride": 2}, (7, 7), ["(7 + 0 - 3) / 2 + 1 = 3"]),
    ({"kernel": 3, "stride": 2}, (7, 9), ["height: (7 + 0 - 3) / 2 + 1 = 3", "width: (9 + 0 - 3) / 2 + 1 = 4"]),
    ({"kernel": 3, "stride": 2, "pad": (2, 1)}, (8,), ["(8 + 3 - 3) / 2 + 1 = 5"]),
    ({"kernel": 3, "stride": 2}, (8,), ["(8 + 0 - 3) / 2 + 1 = 3.50, rounded down to 3"]),
    ({"kernel": 3, "stride": 2, "round": "ceil"}, (8,), ["(8 + 0 - 3) / 2 + 1 = 3.50, rounded up to 4"]),
    ({"kernel": 3, "stride": 2, "pad": "same"}, (9,), ["9 / 2 rounded up = 5"]),
    ({"kernel": 3, "pad": "same"}, (9,), ["9, kept by the padding"]),
    ({"kernel": 3, "stride": 2, "pad": 1}, ("L",), ["(L + 2 - 3) / 2 + 1 = (L + 1)//2"]),
]


@pytest.mark.parametrize(("arguments", "sizes", "lines"), ARITHMETIC)
def test_how_a_size_comes_about(arguments, sizes, lines):
    assert list(layer("conv", channels=1, **arguments).arithmetic((image(3, *sizes),))) == lines


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"kernel": 3}, "pad=1"),
        ({"kernel": (5, 5)}, "pad=2"),
        ({"kernel": 2}, "pad=same"),
        ({"kernel": (1, 3)}, "pad=same"),
        ({"kernel": 3, "dilation": 2}, "pad=same"),
        ({"kernel": 3, "pad": 0}, "pad=1"),
        ({"kernel": 1}, None),
        ({"kernel": 3, "pad": 1}, None),
    ],
)
def test_what_would_keep_the_sizes(arguments, text):
    """For the help where a branch is too small: the operation with padding, and the argument as one writes it."""
    kept = layer("conv", channels=1, **arguments).keeping()
    assert (kept and kept[1]) == text
    assert kept is None or (kept[0].pad, shape_of(kept[0], image(3, 9, 9))) == ("same", (1, 9, 9))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"kernel": 3}, "stride=1, pad=1"),
        ({"kernel": (3, 5)}, "stride=1, pad=same"),
        ({"kernel": 3, "stride": 1}, "pad=1"),
        ({"kernel": 2}, "pad=same"),
        ({"kernel": 3, "pad": 1}, None),
        ({"kernel": 1}, None),
    ],
)
def test_what_would_keep_the_sizes_behind_a_pool(arguments, text):
    """Where an odd window has no stride, its step is no choice of anybody's; even windows are there to halve."""
    kept = layer("maxpool", **arguments).keeping()
    assert (kept and kept[1]) == text
    size = 5 if arguments["kernel"] == 2 else 9
    assert kept is None or (kept[0].pad, shape_of(kept[0], image(3, 9, 9))) == ("same", (3, size, size))


@pytest.mark.parametrize(
    ("arguments", "extras"),
    [
        ({"stride": 3}, [1, 2]),
        ({"stride": (1, 2)}, [1]),
        ({"stride": 1}, []),
        ({"stride": 3, "output_pad": 1}, []),
        ({"stride": 1000}, range(1, 64)),
    ],
)
def test_the_sizes_that_a_stride_leaves_open(arguments, extras):
    choices = layer("deconv", channels=1, kernel=3, **arguments).choosing()
    assert [(op.output_pad, text) for op, text in choices] == [((n,), f"output_pad={n}") for n in extras]


@pytest.mark.parametrize(
    ("word", "arguments", "sizes", "meant"),
    [
        ("maxpool", {"kernel": 2, "round": "exact"}, (3, 9, 9), (3, 4, 4)),
        ("maxpool", {"kernel": 5}, (3, 4, 4), None),
        ("conv", {"channels": 4, "kernel": 3, "groups": 2}, (3, 9, 9), (4, 7, 7)),
        ("conv", {"channels": 4, "kernel": 3, "round": "exact", "stride": 4, "groups": 2}, (3, 9, 9), (4, 2, 2)),
    ],
)
def test_what_a_refused_layer_most_likely_means(word, arguments, sizes, meant):
    op, x = layer(word, **arguments), image(*sizes)
    with pytest.raises(Rejection):
        op.infer((x,))
    likely = op.likely((x,))
    assert (likely and likely[0].shape[1:]) == meant


# border, padding, size of the line, whether the line can fill it
BORDERS = [
    ("reflect", 0, 1, True),
    ("reflect", 6, 7, True),
    ("reflect", 7, 7, False),
    ("reflect", (7, 0), 7, False),
    ("reflect", (0, 6), 7, True),
    ("reflect", (0, 7), 7, False),
    ("wrap", 7, 7, True),
    ("wrap", 8, 7, False),
    ("wrap", (0, 7), 7, True),
    ("edge", 50, 7, True),
    ("zeros", 50, 7, True),
]


@pytest.mark.parametrize(("border", "pad", "size", "fits"), BORDERS)
def test_how_much_padding_a_border_fills(border, pad, size, fits):
    op = layer("conv", channels=1, kernel=1, pad=pad, border=border)
    if fits:
        op.infer((image(1, size),))
    else:
        with pytest.raises(Rejection, match=f"cannot fill {max(op.pad)} samples"):
            op.infer((image(1, size),))


@pytest.mark.parametrize(("rounding", "fits"), [("floor", True), ("ceil", False)])
def test_what_the_last_window_reaches_beyond_has_to_be_filled_too(rounding, fits):
    """Of windows of 5 samples, 3 apart, the second ends 3 samples behind a line of 3; reflect knows 2."""
    op = layer("conv", channels=1, kernel=5, stride=3, pad=(2, 1), border="reflect", round=rounding)
    if fits:
        assert shape_of(op, image(1, 3)) == (1, 1)
    else:
        with pytest.raises(Rejection, match="cannot fill 3 samples"):
            op.infer((image(1, 3),))
