"""What a file says of itself: callers take preprocessing and labels from its metadata."""

import json

import onnx
import pytest

import specc

TEXT = """model Net {
    input photo 3x6x6, mean=[0.485, 0.456, 0.406], std=0.2
    conv 2, 3x3; global_avgpool; flatten; dense 3, softmax
    output animal, labels=["cat", "dog", "fox"]
}"""


def relabel(model):
    entry = next(each for each in model.metadata_props if each.key == "specc.outputs")
    entry.value = entry.value.replace("cat", "cow")


def shift(model):
    entry = next(each for each in model.metadata_props if each.key == "specc.inputs")
    table = json.loads(entry.value)
    table[0]["mean"][0] = 0.5
    entry.value = json.dumps(table)


def forget(model):
    next(each for each in model.metadata_props if each.key == "specc.inputs").value = "null"


def turn(model):
    next(each for each in model.metadata_props if each.key == "specc.layout").value = "hwc"


def declare(model):
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 5


def rename(model):
    model.graph.node[-1].output[0] = model.graph.output[0].name = "other"


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        (
            relabel,
            '`labels` of `animal` in its metadata `specc.outputs` is ["cow", "dog", "fox"], in the spec ["cat", ',
        ),
        (shift, "`mean` of `photo` in its metadata `specc.inputs` is [0.5, 0.456, 0.406], in the spec [0.485, "),
        (forget, "its metadata `specc.inputs` are not a list of 1"),
        (turn, "its metadata `specc.layout` are"),
        (declare, "its output `animal` is declared N x 5, the spec has N x 3"),
        (rename, "its metadata `specc.outputs`"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_false_claim_fails(tmp_path, change, claim):
    net = specc.loads(TEXT)
    net.export(tmp_path / "net.onnx")
    model = onnx.load(tmp_path / "net.onnx")
    change(model)
    onnx.save(model, tmp_path / "net.onnx")
    report = net.verify(model=tmp_path / "net.onnx")
    assert not report.passed
    assert any(claim in each for each in report.claims)


@pytest.mark.parametrize("options", [{}, {"preprocess": True}, {"dtype": "float16"}, {"opset": 13}])
def test_an_export_says_what_the_spec_says(tmp_path, options):
    net = specc.loads(TEXT)
    net.export(tmp_path / "net.onnx", **options)
    assert net.verify(model=tmp_path / "net.onnx").claims == ()
