"""reshape 64, like=x: positions become an image of the sizes of another value, open or not."""

import numpy as np
import pytest
from lowering import image, nodes_of, rejected

import specc
from specc.dims import symbol
from specc.ops import BY_WORD

H, W = symbol("H"), symbol("W")
RESHAPE = BY_WORD["reshape"]


@pytest.mark.parametrize(
    ("sizes", "layout", "x", "like", "made"),
    [
        ((8,), "chw", (8, H * W), (3, H, W), (8, H, W)),
        ((8,), "chw", (8 * 30,), (3, 5, 6), (8, 5, 6)),
        ((2, 4), "chw", (8, H), (3, H), (2, 4, H)),
        ((8,), "hwc", (8, H * W), (3, H, W), (8, H, W)),
        ((8,), "chw", (2, 4 * (H // 2) * W), (3, H // 2, W), (8, H // 2, W)),
        ((-1,), "chw", (240,), (3, 5, 6), (8, 5, 6)),
        ((2, -1), "chw", (H * 60,), (3, 5, 6), (2, H, 5, 6)),
        ((1, 1, 1, 2, 4), "chw", (240,), (3, 5, 6), (1, 1, 1, 2, 4, 5, 6)),
    ],
)
def test_shapes(sizes, layout, x, like, made):
    op = RESHAPE(sizes=sizes, layout=layout)
    assert op.infer((image(*x), image(*like)))[0].shape[1:] == made


@pytest.mark.parametrize(
    ("sizes", "x", "like", "code", "said"),
    [
        ((8,), (8, H), (3, H, W), "E0406", "8xH holds 8*H values, which do not fill 8xHxW"),
        ((8,), (241,), (3, 5, 6), "E0406", "241 holds 241 values, which do not fill 8x5x6"),
        ((-1,), (241,), (3, 5, 6), "E0406", "241 holds 241 values, which do not fill -1x5x6"),
        ((-1,), (8, H * W), (3, H, W), "E0407", "what is left beside -1xHxW is not known"),
        ((8,), (8, H), (3, 5, 6), "E0407", "8xH has an open number of values, but `reshape` names every size"),
        ((8,), (8,), (3,), "E0404", "`like` needs a value with 1 to 6 spatial axes, not 3"),
    ],
)
def test_rejections(sizes, x, like, code, said):
    found = rejected(RESHAPE(sizes=sizes), image(*x), image(*like))
    assert (found.code, found.message, found.argument) == (code, said, "like" if code == "E0404" else "sizes")


def test_what_rejections_say_besides():
    unknown = rejected(RESHAPE(sizes=(-1,)), image(8, H * W), image(3, H, W))
    assert unknown.help == "with the open sizes of `like` name every other size"
    for layout, given in (("chw", "3x2x3x5"), ("hwc", "2x3x5x3")):
        many = rejected(RESHAPE(sizes=(1, 1, 1, 2, 4), layout=layout), image(240), image(3, 2, 3, 5))
        assert many.message == f"`like` needs a value with 1 to 2 spatial axes, not {given}"


@pytest.mark.parametrize(
    ("layout", "x", "order"), [("chw", (8, 6), (0, 1, 2)), ("hwc", (8, 6), (2, 0, 1)), ("hwc", (48,), (2, 0, 1))]
)
def test_values_in_the_order_as_written(layout, x, order):
    """Under hwc the shape that is written is 2x3x8."""
    op, flat = RESHAPE(sizes=(8,), layout=layout), np.arange(48.0)
    written = flat.reshape(8, 6) if layout == "chw" else flat.reshape(6, 8)
    given = flat if len(x) == 1 else written if layout == "chw" else written.T
    (made,) = op.compute((given[None], np.zeros((1, 5, 2, 3))), {})
    assert np.array_equal(made[0], flat.reshape((8, 2, 3) if layout == "chw" else (2, 3, 8)).transpose(order))


@pytest.mark.parametrize(
    ("layout", "like", "nodes"),
    [
        ("chw", (3, H, W), ["Shape", "Concat", "Reshape"]),
        ("hwc", (3, H, W), ["Transpose", "Shape", "Concat", "Reshape", "Transpose"]),
        ("chw", (3, 5, 6), ["Reshape"]),
    ],
)
def test_sizes_are_looked_up_at_run_time_where_they_are_open(layout, like, nodes):
    x = image(8, H * W) if H in like else image(8, 30)
    assert nodes_of(RESHAPE(sizes=(8,), layout=layout), x, image(*like)) == nodes


@pytest.mark.parametrize("opset", [13, 21])
@pytest.mark.parametrize(
    "text",
    [
        "input x 3xHxW; conv 8, 1x1; reshape (8, -1); reshape 8, like=x; conv 2, 1x1",
        "input x 2xT; conv 8, 1; reshape (2, 4), like=x; relu",
        "input x HxWx3, layout=hwc; conv 8, 1x1; reshape (-1, 8); reshape 8, like=x; conv 2, 1x1",
    ],
)
def test_exported_files_look_the_sizes_up(text, opset, tmp_path):
    model = specc.loads(f"model M {{ {text} }}")
    model.export(tmp_path / "m.onnx", opset=opset)
    assert model.verify(model=tmp_path / "m.onnx").passed
