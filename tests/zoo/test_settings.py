"""Bundled models with other parameters than their own: shapes and expectations must follow."""

import pytest
from bundled import SPECS, compiled, outcome, with_settings

from specc.data import specs_folder

CLASSIFIERS = [
    (spec, checked.graph.name)
    for spec in SPECS
    if "classes = 1000" in (specs_folder() / f"{spec}.cnn").read_text(encoding="utf-8")
    for checked in outcome(spec).models
]

LAST_LAYER = """
model Base(units) {
    input x 8
    dense units
    expect params == 9 * units
}
model Two = Base(2) { expect params == 18 }
"""


@pytest.mark.parametrize(("spec", "name"), CLASSIFIERS)
def test_ten_classes_instead_of_a_thousand(spec, name):
    found = with_settings(spec, name, classes=10)
    assert found.ok
    assert found.models[0].summary.outputs[0].type.channels == 10


@pytest.mark.parametrize(
    ("spec", "name", "settings"),
    [
        ("zoo/mobilenet_v1", "MobileNetV1", {"width": 0.25}),
        ("zoo/mobilenet_v2", "MobileNetV2", {"width": 1.4}),
        ("zoo/efficientnet", "EfficientNetB0", {"width": 1.2, "depth": 1.4, "size": 300}),
        ("zoo/densenet", "DenseNet121", {"depths": (6, 12, 48, 32), "growth": 16}),
        ("zoo/resnext50", "ResNeXt50", {"depths": (3, 4, 23, 3), "width": 8}),
        ("zoo/unet", "UNet", {"channels": 3, "classes": 5, "width": 8}),
        ("lecture/resnet", "ResNet50", {"depths": (2, 2, 2, 2)}),
        ("lecture/vgg", "VGG16", {"normalise": True}),
    ],
)
def test_other_shapes(spec, name, settings):
    assert with_settings(spec, name, **settings).ok


def test_what_a_derived_model_expects_holds_for_its_own_arguments():
    assert compiled(LAST_LAYER).ok
    assert not compiled(LAST_LAYER.replace("== 18", "== 17")).ok
    found = compiled(LAST_LAYER, model="Two", settings={"units": 3})
    assert found.ok
    assert found.models[0].summary.totals.params == 27


@pytest.mark.parametrize(("claim", "code"), [("[4, H // 2, W // 2]", None), ("[4, H // 2, W]", "E0501")])
def test_claimed_shapes_reckon_with_open_sizes(claim, code):
    found = compiled(f"model M {{\n input x [N, 4, H, W]\n maxpool 2x2 -> {claim}\n}}")
    assert [d.code for d in found.diagnostics] == ([code] if code else [])
