"""Constants among values come back as `learned`, joined where the other value is."""

import io
import os
import warnings

import numpy as np
import pytest
from exchange import imported, words

from specc.decompile import spec_of
from specc.onnx.importer import annotated, read_model
from specc.onnx.read import parse
from specc.verify import verify

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
torch = pytest.importorskip("torch", reason="PyTorch is not installed")


class Patches(torch.nn.Module):
    """The beginning of a vision transformer: patches, a class token before them, their positions."""

    def __init__(self):
        super().__init__()
        self.patches = torch.nn.Conv2d(3, 16, 4, 4)
        self.token = torch.nn.Parameter(torch.rand(1, 1, 16))
        self.positions = torch.nn.Parameter(torch.rand(1, 5, 16))
        self.norm, self.head = torch.nn.LayerNorm(16), torch.nn.Linear(16, 10)

    def forward(self, x):
        tokens = self.patches(x).flatten(2).permute(0, 2, 1)
        tokens = torch.cat([self.token.expand(x.shape[0], -1, -1), tokens], 1) + self.positions
        return self.head(self.norm(tokens)[:, 0])


class Generator(torch.nn.Module):
    """The beginning of StyleGAN's images: a constant, which styles change."""

    def __init__(self):
        super().__init__()
        self.constant = torch.nn.Parameter(torch.rand(1, 8, 4, 4))
        self.style, self.conv = torch.nn.Linear(6, 8), torch.nn.Conv2d(8, 3, 3, padding=1)

    def forward(self, z):
        return self.conv(self.constant.repeat(z.shape[0], 1, 1, 1) * self.style(z)[:, :, None, None])


PATCHES = ["conv", "reshape", "transpose", "learned", "concat", "bias", "layernorm", "gather", "flatten", "dense"]


def exported(module, x, opset, opened=True):
    torch.manual_seed(0)
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, x, stream, opset_version=opset, dynamo=False, input_names=["x"],
            dynamic_axes={"x": {0: "batch"}} if opened else None,
        )  # fmt: skip
    return stream.getvalue()


@pytest.mark.parametrize("opset", [13, 17])
@pytest.mark.parametrize(
    ("module", "x", "expected", "line"),
    [
        (Patches, (2, 3, 8, 8), PATCHES, "branch { learned 1x16 }"),
        (Generator, (2, 6), ["learned", "dense", "mul", "conv"], "branch { learned 8x4x4 }"),
    ],
)
def test_repeated_for_an_open_batch(module, x, expected, line, opset):
    data = exported(module().eval(), torch.rand(x), opset)
    found = imported(data)
    assert [word for word in words(found.graph) if word != "reshape" or module is Patches] == expected
    spec, diagnostics = spec_of(found.graph, "module.cnn")
    assert spec is not None and line in spec.text, diagnostics
    report, diagnostics = verify(found.graph, found.weights, annotated(parse(data)[0], found.held))
    assert report is not None and report.passed, diagnostics


@pytest.mark.parametrize("batch", [1, 2])
def test_joined_in_a_fixed_batch(batch):
    module = Patches().eval()
    found = imported(exported(module, torch.rand(batch, 3, 8, 8), 17, opened=False))
    assert words(found.graph) == PATCHES
    (name,) = (name for name in found.weights if found.weights[name].shape == (1, 16))
    np.testing.assert_array_equal(found.weights[name][0], module.token.detach().numpy()[0, 0])


class Repeated(torch.nn.Module):
    """A constant that is repeated along the tokens too."""

    def __init__(self):
        super().__init__()
        self.token = torch.nn.Parameter(torch.rand(1, 1, 16))

    def forward(self, x):
        return torch.cat([self.token.expand(x.shape[0], 5, -1), x], 1)


def test_repeated_along_other_axes_it_is_refused():
    found, (problem,) = read_model(exported(Repeated(), torch.rand(2, 4, 16), 17))
    assert found is None
    assert "it repeats a constant along other axes than the batch" in problem.message
