"""upsample and resize: sizes, ONNX's reference, PyTorch, ONNX Runtime."""

from fractions import Fraction
from itertools import product
from math import ceil, floor

import numpy as np
import pytest
from lowering import (
    FLOAT32,
    assert_within_bound,
    float64_outputs,
    image,
    model_of,
    nodes_of,
    numbers,
    onnx_runtime,
    rejected,
)
from onnx.reference import ReferenceEvaluator
from pydantic_core import ValidationError

from specc.dims import Divides, symbol
from specc.ops.base import Reach
from specc.ops.resize import Resize, Upsample

H, W = symbol("H"), symbol("W")
PLACED = ("half_pixel", "pytorch_half_pixel", "half_pixel_symmetric", "align_corners", "asymmetric")


@pytest.mark.parametrize(
    ("op", "x", "wanted"),
    [
        (Upsample(scale=1.5), (3, 5, 6), (3, 7, 9)),
        (Upsample(scale=(1.5, 0.6)), (3, "H", "W"), (3, 3 * H // 2, 3 * W // 5)),
        (Upsample(scale=1 / 3, mode="cubic"), (3, "H", 6), (3, H // 3, 2)),
        (Resize(size=(4, 9)), (3, "H", 6), (3, 4, 9)),
        (Resize(size=7, mode="linear"), (3, 5), (3, 7)),
    ],
)
def test_shapes(op, x, wanted):
    assert op.infer((image(*x),))[0].shape[1:] == wanted


@pytest.mark.parametrize(
    ("op", "x", "code"),
    [
        (Resize(size=(4, 5)), (3, 8), "E0304"),
        (Resize(size=5), (3,), "E0404"),
        (Resize(size=5, mode="cubic"), (3, 8), "E0404"),
        (Resize(size=5, antialias=True), (3, 8, 8), "E0305"),
        (Resize(size=5, mode="cubic", rounding="ceil"), (3, 8, 8), "E0305"),
        (Resize(size=5, mode="bilinear", coefficient=-0.5), (3, 8, 8), "E0305"),
        (Resize(size=5, mode="bilinear", exclude_outside=True), (3, 8, 8), "E0305"),
        (Resize(size=5, mode="bilinear", align_corners=True, coordinates="half_pixel"), (3, 8, 8), "E0305"),
        (Resize(size=5, value=1), (3, 8, 8), "E0305"),
        (Resize(size=5, region=(0, 1)), (3, 8, 8), "E0304"),
        (Resize(size=5, region=(0, 1), coordinates="asymmetric"), (3, 8), "E0305"),
        (Resize(size=5, region=(0, 1), mode="bilinear", antialias=True), (3, 8), "E0305"),
        (Upsample(scale=0.1), (3, 5, 20), "E0406"),
        (Upsample(scale=1.1), (3, 6, 5), "E0406"),
        (Upsample(scale=1.1, mode="bilinear", antialias=True), (3, 6, 50), "E0406"),
        (Resize(size=6, region=(0, 0, 0.5, 0.5)), (3, 6, 6), "E0406"),
    ],
)
def test_rejections(op, x, code):
    assert rejected(op, image(*x)).code == code


@pytest.mark.parametrize("number", [0, -1, 1e-9, float("nan"), 0.123456789, True, "3/2", (1, 2, 3, 4), None])
def test_factors_that_are_no_fractions(number):
    with pytest.raises((ValidationError, ValueError)):
        Upsample(scale=number)


def test_a_factor_is_the_fraction_that_a_number_stands_for():
    assert Upsample(scale=(0.6, 1 / 3, 2.0)).scale == (Fraction(3, 5), Fraction(1, 3), 2)
    again = Upsample.model_validate_json(Upsample(scale=(0.6, 2)).model_dump_json())
    assert again == Upsample(scale=(Fraction(3, 5), 2))


def methods():
    """Every way to find values that `resize` has, for images."""
    for placed, rounding in product(PLACED, ("floor", "ceil", "half_down", "half_up")):
        yield {"mode": "nearest", "coordinates": placed, "rounding": rounding}
    for placed, mode in product(PLACED, ("bilinear", "cubic")):
        yield {"mode": mode, "coordinates": placed}
        yield {"mode": mode, "coordinates": placed, "antialias": True}
        yield {"mode": mode, "coordinates": placed, "antialias": True, "exclude_outside": False}
    for placed in PLACED:
        yield {"mode": "cubic", "coordinates": placed, "coefficient": -0.5, "exclude_outside": True}
    yield {"mode": "bilinear", "region": (0.2, -0.25, 0.7, 1.5), "value": 3.0}
    yield {"mode": "cubic", "region": (0.8, 0.0, 0.3, 1.0)}
    yield {"region": (0.13, 0.2, 1.3, 0.8), "value": 0.1, "rounding": "half_up"}


def opsets(how):
    """Those of 13, 17 and 21 that can express it."""
    newer = how.get("antialias") or how.get("coordinates") == "half_pixel_symmetric"
    return (21,) if newer else (13, 17, 21)


@pytest.mark.parametrize("how", list(methods()), ids=lambda how: "-".join(map(str, how.values())))
def test_onnx_says_the_same(how):
    op, x = Resize(size=(4, 13), **how), numbers(1, 2, 6, 9)
    (wanted,) = ReferenceEvaluator(model_of(op, [image(2, 6, 9)], {})).run(None, {"x0": x})
    np.testing.assert_allclose(op.compute([x.astype(np.float64)], {})[0], wanted, rtol=2e-5, atol=2e-6)


FACTORED = [m for m in methods() if m.get("coordinates") != "align_corners" and "region" not in m]
"""Those of which ONNX says clearly what a factor means."""


@pytest.mark.parametrize("how", FACTORED, ids=lambda how: "-".join(map(str, how.values())))
def test_onnx_says_the_same_of_factors(how):
    op, x = Upsample(scale=(11 / 16, 25 / 16), **how), numbers(1, 2, 6, 9)
    (wanted,) = ReferenceEvaluator(model_of(op, [image(2, 6, 9)], {})).run(None, {"x0": x})
    np.testing.assert_allclose(op.compute([x.astype(np.float64)], {})[0], wanted, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(
    ("op", "to", "how"),
    [
        (Upsample(scale=1.5), {"scale_factor": 1.5}, {}),
        (Upsample(scale=0.5), {"scale_factor": 0.5}, {}),
        (Resize(size=(4, 13)), {"size": (4, 13)}, {}),
        (Resize(size=4, coordinates="half_pixel", rounding="half_up"), {"size": 4}, {"mode": "nearest-exact"}),
        (Upsample(scale=1.7, mode="bilinear"), {"scale_factor": 1.7}, {"mode": "bilinear"}),
        (Resize(size=4, mode="bilinear"), {"size": 4}, {"mode": "bilinear"}),
        (Resize(size=4, mode="bilinear", antialias=True), {"size": 4}, {"mode": "bilinear", "antialias": True}),
        (Upsample(scale=2.3, mode="cubic"), {"scale_factor": 2.3}, {"mode": "bicubic"}),
        (Resize(size=(4, 13), mode="bicubic"), {"size": (4, 13)}, {"mode": "bicubic"}),
        (Resize(size=4, mode="cubic", antialias=True), {"size": 4}, {"mode": "bicubic", "antialias": True}),
        (Upsample(scale=0.3, mode="cubic", antialias=True), {"scale_factor": 0.3}, {"mode": "bicubic", "antialias": 1}),
        *(
            (Resize(size=4, mode=mode, align_corners=True), {"size": 4}, {"mode": f"bi{mode}", "align_corners": True})
            for mode in ("linear", "cubic")
        ),
    ],
)  # fmt: skip
def test_pytorch_says_the_same_by_default(op, to, how):
    torch = pytest.importorskip("torch", reason="PyTorch is the reference here")
    x = numbers(1, 2, 6, 9).astype(np.float64)
    wanted = torch.nn.functional.interpolate(torch.from_numpy(x), **to, **how).numpy()
    np.testing.assert_allclose(op.compute([x], {})[0], wanted, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("opened", [False, True], ids=["closed", "open"])
@pytest.mark.parametrize("how", list(methods()), ids=lambda how: "-".join(map(str, how.values())))
def test_onnx_runtime_stays_within_the_bound(how, opened):
    assert_within_bound(Resize(size=(17, 31), **how), numbers(1, 1, 40, 23), opsets=opsets(how), opened=opened)
    if "region" not in how and not (opened and how["coordinates"] == "align_corners"):
        assert_within_bound(
            Upsample(scale=(2 / 3, 3.7), **how), numbers(1, 1, 40, 23), opsets=opsets(how), opened=opened
        )


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
@pytest.mark.parametrize("sizes", [(9,), (4, 5, 6)])
def test_signals_and_volumes(mode, sizes):
    how = {"antialias": True} if mode == "bilinear" else {}
    for op in (Upsample(scale=1.4, mode=mode), Upsample(scale=0.4, mode=mode, **how), Resize(size=7, mode=mode)):
        assert_within_bound(op, numbers(2, 3, *sizes), opsets=opsets(how))


@pytest.mark.parametrize("scale", [1 / 3, 0.7, 2.9, 1.1, 29 / 100])
def test_a_rounded_factor_gives_the_exact_size(scale):
    """0.29 x 100 is 28.999998 in float32."""
    op = Upsample(scale=scale)
    model = model_of(op, [image(1, "H")], {})
    for size in range(10, 400, 10):
        (y,) = onnx_runtime(model, [numbers(1, 1, size)])
        assert y.shape[2] == op.infer((image(1, size),))[0].shape[2]


@pytest.mark.parametrize("op", [Upsample(), Upsample(scale=1.5), Upsample(scale=0.5), Resize(size=20), Resize(size=5)])
def test_an_exact_factor_leaves_no_doubt(op):
    _, (bound,) = float64_outputs(op, [np.arange(10.0).reshape(1, 1, 10)], {})
    assert not bound.any()


def test_the_nearest_is_in_doubt_only_between_two_samples():
    """Output 3 of 0.6 is the sample 3 / 0.6 = 5, or just before it."""
    x = np.arange(10.0).reshape(1, 1, 10)
    _, (bound,) = float64_outputs(Upsample(scale=0.6), [x], {})
    assert bound[0, 0].tolist() == [0, 0, 0, 1, 0, 0]


def test_the_bound_is_small_and_scales_with_the_unit_roundoff():
    op, x = Resize(size=(30, 41), mode="cubic"), numbers(1, 1, 20, 23).astype(np.float64)
    (y,) = op.compute([x], {})
    (wide,), (narrow,) = (op.error_bound([x], {}, [y], u) for u in (FLOAT32, FLOAT32 / 1024))
    assert 0 < wide.max() < 1e-3 * abs(x).max()
    np.testing.assert_allclose(narrow * 1024, wide, rtol=1e-3)


def test_beside_an_infinity_nothing_is_promised():
    x = np.zeros((1, 1, 8))
    x[0, 0, 6] = np.inf
    op = Upsample(mode="bilinear")
    with np.errstate(invalid="ignore"):
        (y,) = op.compute([x], {})
        (bound,) = op.error_bound([x], {}, [y], FLOAT32)
    assert np.isfinite(bound[0, 0, :9]).all() and np.isinf(bound[0, 0, 12:14]).all()


@pytest.mark.parametrize(
    ("op", "wanted"),
    [
        (Upsample(scale=1.5), (1, Fraction(2, 3))),
        (Upsample(scale=0.5, mode="bilinear"), (2, Fraction(2))),
        (Upsample(scale=0.4, mode="bilinear", antialias=True), (5, Fraction(5, 2))),
        (Upsample(scale=1, mode="cubic"), (1, Fraction(1))),
        (Resize(size=4, mode="cubic"), (4, Fraction(2))),
        (Resize(size=2, mode="cubic", antialias=True), (16, Fraction(4))),
        (Resize(size=4, region=(0, 0, 0.5, 0.5)), (8, Fraction(1))),
    ],
)
def test_reach(op, wanted):
    assert [reach[:2] for reach in op.reach((image(3, 8, 8),))] == [Reach(*wanted)[:2]] * 2


def test_corners_need_a_whole_product():
    op = Upsample(scale=1.5, mode="bilinear", align_corners=True)
    assert op.conditions((image(3, "H", 8),)) == (Divides(2, 3 * H),)
    assert Upsample(scale=1.5, mode="bilinear").conditions((image(3, "H", 8),)) == ()


def test_arithmetic_shows_what_is_rounded_away():
    assert Upsample(scale=1.5).arithmetic((image(3, 5, 8),)) == ("height: 5 * 3/2 = 7.5, rounded down to 7",)


@pytest.mark.parametrize(
    ("op", "opset", "operators"),
    [
        (Upsample(scale=3 / 2), 13, ["Resize"]),
        (Resize(size=9, mode="cubic"), 13, ["Shape", "Slice", "Concat", "Resize"]),
        (Resize(size=9, mode="cubic"), 21, ["Shape", "Concat", "Resize"]),
    ],
)
def test_operators(op, opset, operators):
    assert nodes_of(op, image(3, "H", "W"), opset=opset) == operators


@pytest.mark.parametrize(
    "op", [Upsample(scale=0.5, mode="cubic", layout="hwc"), Resize(size=5, mode="cubic", layout="hwc")]
)
def test_cubics_shrink_images_whose_channels_come_last(op):
    """ONNX Runtime moves transposes behind Resize, whose cubic then refuses."""
    x = numbers(1, 3, 12, 10)
    (y,) = onnx_runtime(model_of(op, [image(3, "H", "W")], {}, layout="hwc"), [np.moveaxis(x, 1, -1)])
    np.testing.assert_allclose(np.moveaxis(y, -1, 1), op.compute([x], {})[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("opset", [13, 17])
def test_older_opsets_cannot_express_everything(opset):
    with pytest.raises(AssertionError, match="E0905"):
        model_of(Resize(size=9, mode="cubic", antialias=True), [image(3, 4, 4)], {}, opset=opset)


LIKE = Resize(mode="bilinear")


@pytest.mark.parametrize(
    ("other", "wanted"),
    [((7, 9, 4), (3, 9, 4)), ((7, "H", "W"), (3, H, W))],
)
def test_the_sizes_of_another_value_may_be_open(other, wanted):
    assert LIKE.infer((image(3, 5, 6), image(*other)))[0].shape[1:] == wanted


@pytest.mark.parametrize(
    ("op", "types", "code"),
    [
        (Resize(), [(3, 5, 6)], "E0302"),
        (Resize(size=4), [(3, 5, 6), (3, 4, 4)], "E0303"),
        (Resize(), [(3, 5, 6), (3, 4)], "E0404"),
    ],
)
def test_there_is_one_size(op, types, code):
    assert rejected(op, *(image(*x) for x in types)).code == code


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("op", [LIKE, Resize(), Resize(mode="cubic"), Resize(mode="bilinear", align_corners=True)])
def test_resizing_to_the_size_of_another_value(op, opened):
    x, other = numbers(2, 3, 6, 5), numbers(2, 1, 9, 4)
    wide = [array.astype(np.float64) for array in (x, other)]
    sized = Resize(size=(9, 4), mode=op.mode, align_corners=op.align_corners)
    np.testing.assert_array_equal(op.compute(wide, {})[0], sized.compute(wide[:1], {})[0])
    assert_within_bound(op, x, other, opened=opened)


def test_only_open_sizes_are_measured_in_the_exported_graph():
    assert nodes_of(LIKE, image(3, 5, 6), image(1, 9, 4)) == ["Shape", "Concat", "Resize"]
    assert nodes_of(LIKE, image(3, 5, 6), image(1, "H", "W")) == ["Shape", "Shape", "Concat", "Resize"]
    assert [reach[:2] for reach in LIKE.reach((image(3, 8, 8), image(1, 4, 4)))] == [(2, 2)] * 2


def sample(position, rounding, size):
    """The number of the sample that an exact position takes."""
    whole = {
        "floor": floor(position),
        "ceil": ceil(position),
        "half_up": floor(position + Fraction(1, 2)),
        "half_down": ceil(position - Fraction(1, 2)),
    }[rounding]
    return min(max(whole, 0), size - 1)


@pytest.mark.parametrize("rounding", ["floor", "ceil", "half_up", "half_down"])
@pytest.mark.parametrize("placed", ["asymmetric", "half_pixel"])
@pytest.mark.parametrize(("size", "count"), [(14, 8), (35, 5), (20, 12), (12, 2), (40, 24), (7, 13), (14, 16), (9, 27)])
def test_of_known_sizes_onnx_runtime_takes_the_nearest_samples_exactly(size, count, placed, rounding):
    """Left to ONNX Runtime, 14 samples become 8 by the factor 0.5714286, and position 7 is rounded to 6.9999995."""
    op = Resize(size=count, coordinates=placed, rounding=rounding)
    shift = Fraction(1, 2) if placed == "half_pixel" else 0
    positions = [(i + shift) * Fraction(size, count) - shift for i in range(count)]
    (y,) = onnx_runtime(model_of(op, [image(1, size)], {}), [np.arange(size, dtype=np.float32).reshape(1, 1, size)])
    assert y.ravel().tolist() == [sample(position, rounding, size) for position in positions]


@pytest.mark.parametrize("scale", [Fraction(1, 7), Fraction(3, 5), Fraction(6, 5), Fraction(7, 5), Fraction(3, 2)])
def test_of_known_sizes_factors_are_the_fractions_that_they_are(scale):
    for size in range(7, 60):
        op = Upsample(scale=scale)
        (y,) = onnx_runtime(model_of(op, [image(1, size)], {}), [np.arange(size, dtype=np.float32).reshape(1, 1, size)])
        assert y.ravel().tolist() == [floor(i / scale) for i in range(floor(size * scale))]


@pytest.mark.parametrize(
    ("op", "x", "nodes"),
    [
        (Resize(size=16), (1, 8, 8), ["Shape", "Concat", "Resize"]),
        (Resize(size=(7, 13)), (1, 3, 5), ["Shape", "Concat", "Resize"]),
        (Resize(size=8), (1, 14, 14), ["Gather", "Gather"]),
        (Resize(size=(8, 14)), (1, 14, 14), ["Gather"]),
        (Resize(size=(8, 28)), (1, 14, 14), ["Gather", "Shape", "Concat", "Resize"]),
        (Resize(size=8), (1, "H", 14), ["Gather", "Shape", "Concat", "Resize"]),
        (Upsample(scale=Fraction(7, 5)), (1, 10, 3), ["Gather", "Resize"]),
        (Upsample(scale=2), (1, 10, 10), ["Resize"]),
        (Resize(size=8, mode="bilinear"), (1, 14, 14), ["Shape", "Concat", "Resize"]),
        (Resize(size=7 * 2**40), (1, 2**41), ["Shape", "Concat", "Resize"]),
    ],
)
def test_samples_are_listed_only_where_rounding_decides(op, x, nodes):
    assert nodes_of(op, image(*x)) == nodes
