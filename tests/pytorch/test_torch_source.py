"""The source file: readable, complete in itself, and with the spec's names whatever they are."""

import subprocess
import sys

import numpy as np
import pytest

import specc
from specc import SpecError
from specc.interpreter import interpret
from specc.ir.build import GraphBuilder
from specc.ir.graph import GraphInput, GraphOutput
from specc.ops import BY_WORD
from specc.torch import to_source, write_source
from specc.types import TensorType
from specc.weights import Weights, seeded, write

RESIDUAL = """
## A block between two layers.
model Tiny {
    input image 3x8x8
    stem: conv 4, 3x3, pad=1, relu
    residual { conv 4, 3x3, pad=1, bias=false; bn }
    relu
    global_avgpool; flatten; dropout 0.5
    dense 2
}
"""

TINY = """class Tiny(Layers):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.conv1 = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.dropout1 = nn.Dropout(0.5)
        self.dense1 = nn.Linear(4, 2)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = self.stem(image)  # 4x8x8
        stem_relu = F.relu(x)  # 4x8x8
        x = self.conv1(stem_relu)  # 4x8x8
        x = self.bn1(x)  # 4x8x8
        x = x + stem_relu  # 4x8x8
        x = F.relu(x)  # 4x8x8
        x = x.mean((2, 3), keepdim=True)  # 4x1x1
        x = x.flatten(1)  # 4
        x = self.dropout1(x)  # 4
        dense1 = self.dense1(x)  # 2
        return dense1
"""


def test_the_source_reads_like_a_model():
    text = to_source(specc.loads(RESIDUAL).graph)
    assert text.endswith(TINY)
    assert "A block between two layers." in text
    assert "import specc" not in text


def named(*names):
    """A chain of convolutions with the given names; the last is followed by a `prelu` of the same layer."""
    build = GraphBuilder("Named")
    value = build.add_input(GraphInput(name="class", type=TensorType((1, 1, 4, 4))))
    for name in names:
        (value,) = build.add(name, BY_WORD["conv"](channels=1, kernel=(1, 1)), (value,))
    (value,) = build.add(f"{names[-1]}.prelu", BY_WORD["prelu"](), (value,))
    build.outputs.append(GraphOutput(name="y", value=value))
    return build.finish()


NAMES = ["conv1", "stage.0.conv1", "stage.1.conv1", "half", "train", "lambda", "x", "self", "torch", "F", "fix", "_a.b"]


def test_tensors_have_the_names_of_the_spec_even_where_python_minds():
    torch = pytest.importorskip("torch", reason="modules are PyTorch's")
    from specc.torch import module

    graph = named(*NAMES)
    made = module(graph)
    assert list(made.state_dict()) == list(seeded(graph))
    x = np.ones((1, 1, 4, 4), np.float32)
    expected = interpret(graph, {"class": x}, seeded(graph))["y"]
    np.testing.assert_allclose(made(torch.from_numpy(x)).detach().numpy(), expected, rtol=1e-5)


def test_values_in_the_spec_stand_in_the_source_and_do_not_train():
    pytest.importorskip("torch", reason="modules are PyTorch's")
    from specc.torch import module

    graph = specc.loads(
        "model Edges { input image 3x8x8; depthwise 3x3, weight=[[0,1,0],[1,-4,1],[0,1,0]], bias=false }"
    ).graph
    assert "fix(self.depthwise1.weight, [0.0, 1.0, 0.0, 1.0, -4.0, 1.0, 0.0, 1.0, 0.0])" in to_source(graph)
    assert not module(graph).depthwise1.weight.requires_grad


def test_a_file_runs_without_specc(tmp_path):
    pytest.importorskip("torch", reason="modules are PyTorch's")
    graph = specc.loads(RESIDUAL).graph
    assert write_source(graph, tmp_path / "tiny.py") == ()
    assert write(seeded(graph, 3), tmp_path / "weights.safetensors") == ()
    image = np.random.default_rng(0).standard_normal((2, 3, 8, 8)).astype(np.float32)
    np.save(tmp_path / "image.npy", image)
    script = (
        "import numpy, sys, torch, safetensors.torch; from tiny import Tiny; m = Tiny();"
        "m.load_state_dict(safetensors.torch.load_file('weights.safetensors'), strict=False);"
        "y = m.eval()(torch.from_numpy(numpy.load('image.npy'))); numpy.save('y.npy', y.detach().numpy());"
        "assert 'specc' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    (expected,) = interpret(graph, {"image": image}, seeded(graph, 3)).values()
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), expected, rtol=1e-5, atol=1e-6)


def test_a_file_that_cannot_be_written_is_one_line(tmp_path):
    graph = specc.loads(RESIDUAL).graph
    assert write_source(graph, tmp_path / "none" / "tiny.py")[0].code == "E0904"


def test_the_documentation_cannot_break_out_of_its_string():
    graph = specc.loads(RESIDUAL).graph.model_copy(update={"doc": 'ends """ here \\'})
    compile(to_source(graph), "tiny.py", "exec")


def test_weights_must_all_be_there():
    pytest.importorskip("torch", reason="modules are PyTorch's")
    from specc.torch import module

    with pytest.raises(SpecError, match=r"missing `a\.weight`"):
        module(named("a"), Weights.of({}))
