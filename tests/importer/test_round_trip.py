"""Every bundled spec, exported and read back, is the same graph; so is the spec that is then written for it."""

import sys
from pathlib import Path

import numpy as np
import pytest
from exchange import compiled, meaning, read_back

from specc.decompile import spec_of
from specc.onnx.emit import emit_model
from specc.onnx.importer import read_model
from specc.verify import verify
from specc.weights import seeded

sys.path.insert(0, str(Path(__file__).parents[1] / "zoo"))
from bundled import SPECS, model, outcome


# Swin's slices up to the end of an axis come back as `crop`, and its `identity` not at all.
@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec != "zoo/swin"])
def test_bundled_specs_come_back_the_same(spec):
    for checked in outcome(spec).models:
        back = read_back(checked.graph).graph
        assert meaning(back) == meaning(checked.graph)
        assert back.inputs == checked.graph.inputs
        assert [(o.name, o.labels) for o in back.outputs] == [(o.name, o.labels) for o in checked.graph.outputs]


@pytest.mark.parametrize("spec", SPECS)
def test_written_specs_mean_the_same(spec):
    """`spec_of` compiles what it writes and compares; the text is much shorter than the graph."""
    checked = outcome(spec).models[-1]
    found, diagnostics = spec_of(read_back(checked.graph).graph, "back.cnn")
    assert found is not None, diagnostics
    assert len(found.text.splitlines()) < len(checked.graph.nodes) + 12


@pytest.mark.parametrize("opset", [13, 17])
@pytest.mark.parametrize(("spec", "name"), [("zoo/convnext", "ConvNeXtT"), ("zoo/efficientnet", "EfficientNetB0")])
def test_composed_activations_and_norms_of_older_opsets(spec, name, opset):
    graph = model(spec, name).graph
    assert meaning(read_back(graph, opset).graph) == meaning(graph)


@pytest.mark.parametrize(
    ("spec", "name", "preprocess"),
    [
        ("lecture/lenet5", "LeNet5", False),
        ("lecture/mnist", "MnistChollet", True),
        ("lecture/filters", "Emboss", True),
    ],
)
def test_what_was_read_computes_what_the_file_does(spec, name, preprocess):
    """Layer by layer: values are called as in the file."""
    graph = model(spec, name).graph
    exported, _ = emit_model(graph, seeded(graph), preprocess=preprocess)
    assert exported is not None
    data = exported.SerializeToString()
    back, _ = read_model(data)
    assert back is not None
    report, diagnostics = verify(back.graph, back.weights, data)
    assert report is not None, diagnostics
    assert report.passed


@pytest.mark.parametrize("layout", ["3x8x8", "8x8x3, layout=hwc"])
@pytest.mark.parametrize("preprocess", [False, True])
def test_preprocessing_comes_back_whoever_does_it(preprocess, layout):
    """The metadata of a file that scales pixels itself asks for nothing, and still tells what was declared."""
    graph = compiled(f"model M {{ input x {layout}, range=[-1, 1], mean=[0.1, 0.2, 0.3], std=2; conv 2, 3x3 }}")
    exported, _ = emit_model(graph, seeded(graph), preprocess=preprocess)
    back, _ = read_model(exported.SerializeToString())
    assert back.graph.inputs == graph.inputs
    assert meaning(back.graph) == meaning(graph)


@pytest.mark.parametrize(
    "body",
    [
        "residual { transpose (1, 0); conv 8, 1; transpose (1, 0) }",
        "concat { branch { transpose (1, 0); conv 8, 1; transpose (1, 0) } branch { } }",
    ],
)
def test_transposes_within_a_branch_stay(body):
    """Elsewhere a transposition may be no more than how a value lies in memory."""
    graph = compiled(f"model M {{ input x 4x8; {body} }}")
    assert meaning(read_back(graph).graph) == meaning(graph)


@pytest.mark.parametrize("opset", [15, 21])
@pytest.mark.parametrize("shape", ["8x6x4", "8x4", "8"])
def test_normalising_all_of_an_item_whose_channels_are_last(shape, opset):
    graph = compiled(f"model M {{ input x {shape}, layout=hwc; layernorm over=all; layernorm over=all, affine=false }}")
    assert meaning(read_back(graph, opset).graph) == meaning(graph)


@pytest.mark.parametrize("layout", ["4x8x8", "8x8x4, layout=hwc"])
def test_what_is_declared_a_buffer_comes_back_as_one(layout):
    text = f"""model M {{
        input x {layout}
        places: learned {layout.partition(",")[0]}, weight=0, buffer=true
        add x, places; scale buffer=true; conv 4, 1x1, bias=false; bn; bias buffer=true; bias; scale
    }}"""
    graph = compiled(text)
    back = read_back(graph).graph
    kinds = [[[(w.name, w.kind) for w in found.weights(node)] for node in found.nodes] for found in (graph, back)]
    assert kinds[0] == kinds[1]
    assert [node.op.word for node in back.nodes if getattr(node.op, "buffer", False)] == ["learned", "scale", "bias"]


def test_weights_take_the_names_of_the_written_spec():
    graph = compiled("model M {\n input x 3x8x8\n stem: conv 4, 3x3, relu\n flatten; head: dense 2\n}")
    exported, _ = emit_model(graph, seeded(graph))
    assert exported is not None
    back, _ = read_model(exported.SerializeToString())
    assert back is not None
    found, _ = spec_of(back.graph, "back.cnn")
    assert found is not None
    assert found.names == {
        "conv1.weight": "stem.weight", "conv1.bias": "stem.bias",
        "dense1.weight": "output.weight", "dense1.bias": "output.bias",
    }  # fmt: skip
    assert np.array_equal(back.weights["stem.weight"], seeded(graph)["stem.weight"])
