"""Resize and Upsample as other programs write them, and what of them has no counterpart."""

import numpy as np
import onnx
import pytest
from exchange import imported, model_of, refusal

from specc.decompile.arguments import call
from specc.onnx.importer import annotated
from specc.verify import verify

X = "float[N,2,6,8] x"


def by_sizes(height, width, attributes='mode = "nearest"'):
    return f"""g (float[2,2,6,8] x) => (float[2,2,a,b] y) <int64[4] z = {{2, 2, {height}, {width}}}> {{
        y = Resize<{attributes}>(x, , , z) }}"""


def by_scales(height, width, attributes='mode = "nearest"'):
    return f"""g ({X}) => (float[N,2,a,b] y) <float[4] s = {{1.0, 1.0, {height}, {width}}}> {{
        y = Resize<{attributes}>(x, , s) }}"""


def in_proportion(policy, height, width):
    return f"""g (float[2,2,6,8] x) => (float[2,2,a,b] y) <int64[2] z = {{{height}, {width}}}> {{
        y = Resize<axes = [2, 3], mode = "linear", keep_aspect_ratio_policy = "{policy}">(x, , , z) }}"""


CUBIC = 'mode = "cubic", '
HALF = 'coordinate_transformation_mode = "half_pixel"'
CORNERS = 'coordinate_transformation_mode = "align_corners"'
PYTORCH = 'coordinate_transformation_mode = "pytorch_half_pixel"'
CROP = 'coordinate_transformation_mode = "tf_crop_and_resize"'


@pytest.mark.parametrize(
    ("opset", "text", "expected"),
    [
        (13, by_scales(0.6, 1.3333334), "upsample (0.6, 4/3), coordinates=half_pixel, rounding=half_down"),
        (13, by_scales(2.0, 3.0), "upsample 2x3"),
        (13, by_scales(1.5, 1.5, CUBIC + HALF), "upsample 1.5, cubic"),
        (13, by_scales(1.5, 2.0, 'mode = "linear", ' + CORNERS), "upsample (1.5, 2), bilinear, align_corners=true"),
        (13, by_scales(0.5, 0.5, 'mode = "linear", ' + PYTORCH), "upsample 0.5, bilinear"),
        (13, by_scales(0.25, 0.2, CUBIC + PYTORCH), "upsample (0.25, 0.2), cubic, coordinates=pytorch_half_pixel"),
        (13, by_sizes(12, 16, 'mode = "linear"'), "upsample mode=bilinear"),
        (13, by_sizes(9, 5, CUBIC + "cubic_coeff_a = -0.5"), "resize 9x5, cubic, coefficient=-0.5"),
        (13, by_sizes(9, 5, CUBIC + "exclude_outside = 1"), "resize 9x5, cubic, exclude_outside=true"),
        (18, by_sizes(3, 4, 'mode = "linear", antialias = 1, exclude_outside = 1'),
         "resize 3x4, bilinear, antialias=true"),
        (19, by_sizes(3, 5, 'mode = "linear", coordinate_transformation_mode = "half_pixel_symmetric"'),
         "resize 3x5, bilinear"),
        (13, by_sizes(9, 5, 'coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"'), "resize 9x5"),
        (18, in_proportion("not_larger", 9, 100), "resize 9x12, bilinear"),
        (18, in_proportion("not_smaller", 3, 4), "resize 3x4, bilinear"),
        (13, f"""g (float[2,2,6,8] x) => (float[2,2,a,b] y)
            <int64[4] z = {{2, 2, 3, 4}}, float[8] r = {{0.0, 0.0, 0.25, 0.2, 1.0, 1.0, 1.5, 0.8}}> {{
            y = Resize<mode = "linear", {CROP}, extrapolation_value = 0.5>(x, r, , z) }}""",
         "resize 3x4, bilinear, region=(0.25, 0.2, 1.5, 0.8), value=0.5"),
        (9, f"""g ({X}) => (float[N,2,a,b] y) <float[4] s = {{1.0, 1.0, 2.0, 2.0}}> {{
            y = Upsample<mode = "linear">(x, s) }}""", "upsample mode=bilinear, coordinates=asymmetric"),
    ],
)  # fmt: skip
def test_is_read_and_computes_the_same(opset, text, expected):
    data = model_of(text, opset=opset)
    found = imported(data)
    (node,) = found.graph.nodes
    assert call(node.op) == expected
    inputs = {"x": np.random.default_rng(1).standard_normal((2, 2, 6, 8)).astype(np.float32)}
    report, diagnostics = verify(
        found.graph, found.weights, annotated(onnx.load_from_string(data), found.held), inputs=inputs
    )
    assert report is not None, diagnostics
    assert report.passed, report.first_failure


@pytest.mark.parametrize(
    ("opset", "text", "why"),
    [
        (13, by_scales(1.2, 1.1, 'mode = "linear", ' + CORNERS), "align_corners by a factor that leaves a fraction"),
        (13, by_scales(0.12345678, 1.0), "is no fraction with a denominator of at most 4096"),
        (13, by_scales(1.01, 1.01), "the factor 101/100 does not change the height 6"),
        (13, by_scales(1.0, 2.0).replace("{1.0, 1.0", "{1.0, 2.0"), "it resizes channels"),
        (11, by_scales(2.0, 2.0, 'coordinate_transformation_mode = "tf_half_pixel_for_nn"'), "tf_half_pixel_for_nn"),
        (18, in_proportion("not_smaller", 7, 5), "rounds a size"),
    ],
)
def test_what_has_no_counterpart(opset, text, why):
    assert why in refusal(model_of(text, opset=opset))
