"""Parameters and buffers of the network among a file's constants: what its checkpoints hold is a weight of the spec."""

import io
import os
import warnings

import numpy as np
import pytest
from exchange import SCRIPT, round_trip

import specc

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
torch = pytest.importorskip("torch", reason="PyTorch is not installed")
nn = torch.nn


class Factors(nn.Module):
    """Parameters of one element, among numbers that are none."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.alpha, self.beta = nn.Parameter(torch.tensor(0.5)), nn.Parameter(torch.tensor([0.7]))
        self.gamma, self.power = nn.Parameter(torch.full((1, 1, 1, 1), 0.3)), nn.Parameter(torch.tensor(2.5))
        self.zero, self.unit = nn.Parameter(torch.tensor(0.1)), nn.Parameter(torch.tensor(1.5))

    def forward(self, x):
        y = self.conv(x) * self.alpha + self.beta
        y = (y + self.gamma * y.relu()).abs() ** self.power
        return (y.mean((2, 3)) * 0.25 - self.zero) / self.unit


class Buffers(nn.Module):
    """Tensors that are not trained: kept in checkpoints, or not."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.register_buffer("mean", torch.rand(1, 3, 1, 1))
        self.register_buffer("places", torch.rand(8, 8))
        self.register_buffer("std", torch.rand(1, 3, 1, 1) + 0.5, persistent=False)
        self.register_buffer("rate", torch.tensor(2.0), persistent=False)

    def forward(self, x):
        return self.conv((x - self.mean) / self.std) * self.rate + self.places


FACTORS = "conv 8, 3x3; scale shared=true; bias shared=true"
BUFFERS = ["branch { learned 3x1x1, buffer=true }", "learned 1x8x8, buffer=true", "div (", "mul 2"]


def exported(module, newer):
    torch.manual_seed(0)
    net, x, stream = module().eval(), torch.rand(2, 3, 8, 8), io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if newer:
            shapes = ({0: torch.export.Dim("batch")},)
            torch.onnx.export(net, (x,), dynamo=True, dynamic_shapes=shapes, verbose=False).save(stream)
        else:
            torch.onnx.export(net, x, stream, dynamo=False, input_names=["x"], dynamic_axes={"x": {0: "batch"}})
    return net, x, stream.getvalue()


@pytest.mark.parametrize(
    ("module", "newer", "lines"),
    [
        (Factors, False, [FACTORS, "relu; scale shared=true", "mul 0.25"]),
        pytest.param(Factors, True, [FACTORS, "relu; scale shared=true", "mul 0.25"], marks=SCRIPT),
        pytest.param(Buffers, True, BUFFERS, marks=SCRIPT),
    ],
)
def test_a_later_checkpoint_fits(module, newer, lines, tmp_path):
    net, x, data = exported(module, newer)
    (tmp_path / "net.onnx").write_bytes(data)
    found = specc.import_onnx(tmp_path / "net.onnx")
    assert [line for line in lines if line not in found.text] == []
    assert found.model.params == sum(p.numel() for p in net.parameters())
    report, diagnostics = round_trip(data, tmp_path)
    assert report is not None and report.passed, diagnostics
    with torch.no_grad():
        for tensor in net.state_dict().values():
            tensor.mul_(1.5)  # as if it had been trained on
    torch.save(net.state_dict(), tmp_path / "later.pt")
    (tmp_path / "net.rules").write_text(found.rules, encoding="utf-8")
    weights = found.model.weights(tmp_path / "later.pt", mapping=tmp_path / "net.rules")
    made = found.model.run(x.numpy(), weights=weights, device="cpu")
    np.testing.assert_allclose(made, net(x).detach().numpy(), rtol=1e-4, atol=1e-5)


class Exponential(nn.Module):
    """CLIP's temperature: what is multiplied is computed from the parameter."""

    def __init__(self):
        super().__init__()
        self.dense, self.logit = nn.Linear(8, 4), nn.Parameter(torch.tensor(0.5))

    def forward(self, x):
        return self.dense(x) * self.logit.exp()


@pytest.mark.parametrize("newer", [False, pytest.param(True, marks=SCRIPT)])
def test_what_is_computed_from_a_parameter_is_a_weight_without_its_name(newer, tmp_path):
    (tmp_path / "net.onnx").write_bytes(exported(Exponential, newer)[2])
    found = specc.import_onnx(tmp_path / "net.onnx")
    assert "scale shared=true" in found.text
    assert found.weights.tensors["scale1.weight"].computed_from == ("logit",)
    assert "logit" in found.rules
