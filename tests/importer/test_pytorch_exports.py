"""What PyTorch's exporter makes of modules with shape arithmetic, channels-last parts and composed layers."""

import io
import os
import warnings

import pytest
from exchange import imported, words

from specc.decompile import spec_of
from specc.onnx.importer import annotated
from specc.onnx.read import parse
from specc.verify import verify

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
torch = pytest.importorskip("torch", reason="PyTorch is not installed")
F = torch.nn.functional


class ConvNeXtUnit(torch.nn.Module):
    """Normalisation and dense layers work channels last, between two permutes."""

    def __init__(self):
        super().__init__()
        self.depthwise = torch.nn.Conv2d(8, 8, 7, padding=3, groups=8)
        self.norm = torch.nn.LayerNorm(8)
        self.wide, self.narrow = torch.nn.Linear(8, 32), torch.nn.Linear(32, 8)
        self.gamma = torch.nn.Parameter(torch.rand(8))

    def forward(self, x):
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        return x + (self.narrow(F.gelu(self.wide(y))) * self.gamma).permute(0, 3, 1, 2)


class Head(torch.nn.Module):
    """Squeeze-and-excitation, a channel shuffle by views, a flatten by sizes."""

    def __init__(self):
        super().__init__()
        self.norm, self.squeeze, self.dense = (
            torch.nn.GroupNorm(2, 8),
            torch.nn.Conv2d(8, 8, 1),
            torch.nn.Linear(128, 4),
        )

    def forward(self, x):
        x = F.hardswish(self.norm(x))
        x = x * F.hardsigmoid(self.squeeze(x.mean((2, 3), keepdim=True)))
        n, c, h, w = x.shape
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        x = F.interpolate(F.adaptive_avg_pool2d(x, 2), scale_factor=2.0, mode="bilinear")
        return torch.softmax(self.dense(F.silu(x).view(x.size(0), -1)), 1)


class Pyramid(torch.nn.Module):
    """A smaller image is brought to the size of a larger one, as in feature pyramids."""

    def __init__(self):
        super().__init__()
        self.fine, self.coarse = (torch.nn.Conv2d(c, 4, 3, stride=2, padding=1) for c in (8, 4))

    def forward(self, x):
        fine = self.fine(x)
        coarse = F.interpolate(self.coarse(fine), size=fine.shape[2:], mode="bilinear")
        return F.interpolate(fine + coarse, size=x.shape[-2:])


CASES = {
    ConvNeXtUnit: ["depthwise", "layernorm", "conv", "gelu", "conv", "scale", "add"],
    Head: [
        "groupnorm", "hardswish", "global_avgpool", "conv", "hardsigmoid", "mul", "channel_shuffle", "avgpool",
        "upsample", "silu", "flatten", "dense", "softmax",
    ],
}  # fmt: skip


def exported(module, opset):
    torch.manual_seed(0)
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module().eval(), torch.rand(2, 8, 8, 8), stream, opset_version=opset, dynamo=False,
            input_names=["x"], dynamic_axes={"x": {0: "batch"}},
        )  # fmt: skip
    return stream.getvalue()


@pytest.mark.parametrize("opset", [13, 17])
@pytest.mark.parametrize(("module", "expected"), CASES.items(), ids=lambda case: getattr(case, "__name__", ""))
def test_is_read_layer_by_layer(module, expected, opset):
    data = exported(module, opset)
    found = imported(data)
    assert words(found.graph) == expected
    spec, diagnostics = spec_of(found.graph, "module.cnn")
    assert spec is not None, diagnostics
    model, _ = parse(data)
    assert model is not None
    report, diagnostics = verify(found.graph, found.weights, annotated(model, found.held))
    assert report is not None, diagnostics
    assert report.passed, [layer for layer in report.layers if layer.status != "passed"]


@pytest.mark.parametrize("opset", [13, 17])
def test_sizes_of_other_values_stay_open(opset):
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Pyramid().eval(), torch.rand(1, 8, 9, 7), stream, opset_version=opset, dynamo=False,
            input_names=["x"], dynamic_axes={"x": {0: "batch", 2: "H", 3: "W"}},
        )  # fmt: skip
    found = imported(stream.getvalue())
    assert words(found.graph) == ["conv", "conv", "resize", "add", "resize"]
    spec, diagnostics = spec_of(found.graph, "module.cnn")
    assert spec is not None, diagnostics
    assert spec.text.count("like=") == 2
    report, diagnostics = verify(found.graph, found.weights, annotated(parse(stream.getvalue())[0], found.held))
    assert report is not None and report.passed, diagnostics
