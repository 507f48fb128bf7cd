"""`specc import --map`: weights that are called as in the network that was exported fit the imported spec."""

import io
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from exchange import imported, model_of
from onnx import ModelProto

import specc
from specc.cli import main
from specc.weights.mapping import write_rules

os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def test_the_rules_of_a_layer_are_one_line():
    names = {"a.0.bn.weight": "bn1.weight", "a.0.bn.bias": "bn1.bias", "cls": "bias1.bias", "p.x": "conv1.weight"}
    assert write_rules(names).splitlines() == [
        r"a\.0\.bn\.(weight|bias) -> bn1.\1",
        r"cls                     -> bias1.bias",
        r"p\.x                    -> conv1.weight",
    ]


MLP = """model (float[N,4] x) => (float[N,2] y) {
    a = MatMul(x, {first})  b = Add(a, "{bias}")  c = Relu(b)  d = MatMul(c, {second})  y = Add(d, "out.bias")
}"""


def sources(text, shapes, notes=None):
    model = ModelProto.FromString(model_of(text, shapes))
    for node in model.graph.node:
        node.name = {"a": "/mlp/mlp.0/MatMul"}.get(node.output[0], "")
        for key, value in (notes or {}).get(node.output[0], {}).items():
            node.metadata_props.add(key=key, value=value)
    found = imported(model.SerializeToString())
    return {name: tensor.source for name, tensor in found.weights.tensors.items()}


SHAPES = [("mlp.0.bias", (3,)), ("val_2", (3, 2)), ("out.bias", (2,))]


def test_names_come_from_the_file_from_the_module_and_from_the_layers_other_tensors():
    text = MLP.replace("{first}", "val_1").replace("{bias}", "mlp.0.bias").replace("{second}", "val_2")
    shapes = [("val_1", (4, 3)), *SHAPES]
    assert list(sources(text, shapes).values()) == ["mlp.0.weight", "mlp.0.bias", "out.weight", "out.bias"]


def test_names_come_from_the_notes_of_the_exporter():
    text = MLP.replace("{first}", "val_1").replace("{bias}", "val_3").replace("{second}", "val_2")
    shapes = [("val_1", (4, 3)), ("val_3", (3,)), *SHAPES[1:]]
    notes = {"y": {"pkg.torch.onnx.name_scopes": "['', 'head', 'head.fc', 'linear_1']"}}
    assert list(sources(text, shapes, notes).values())[2:] == ["head.fc.weight", "out.bias"]


def test_what_a_normalisation_was_folded_into_has_no_name():
    text = 'model (float[N,2,4,4] x) => (float[N,2,4,4] y) { y = Conv(x, "c.weight", "c.bias") }'
    shapes = [("c.weight", (2, 2, 1, 1)), ("c.bias", (2,))]
    assert list(sources(text, shapes).values()) == ["c.weight", "c.bias"]
    notes = {"y": {"pkg.onnxscript.rewriter.rule_name": "FuseBatchNormIntoConv"}}
    assert list(sources(text, shapes, notes).values()) == ["", ""]


def network(torch):
    nn = torch.nn

    class Unit(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.conv, self.bn = nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
            self.fc1, self.fc2 = nn.Conv2d(channels, 2, 1), nn.Conv2d(2, channels, 1)

        def forward(self, x):
            y = self.bn(self.conv(x))
            return x + y * self.fc2(self.fc1(y.mean((2, 3), keepdim=True)).relu()).sigmoid()

    torch.manual_seed(0)
    stem = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU())
    return nn.Sequential(stem, Unit(8), Unit(8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5))


def exported(torch, net, **options):
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net, torch.rand(1, 3, 15, 15), stream, dynamo=False, **options)
    Path("net.onnx").write_bytes(stream.getvalue())


def test_a_later_checkpoint_fits_the_imported_spec(tmp_path, monkeypatch, capsys):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    monkeypatch.chdir(tmp_path)
    net = network(torch).eval()
    exported(torch, net, training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    assert main(["import", "net.onnx", "-o", "net.cnn", "--map", "net.rules"]) == 0
    with torch.no_grad():
        for tensor in net.state_dict().values():
            tensor.add_(torch.rand(tensor.shape).to(tensor.dtype))  # as if it had been trained on
    torch.save(net.state_dict(), "later.pt")
    assert main(["weights", "net.cnn", "--from", "later.pt", "--map", "net.rules"]) == 0
    assert "26 matched" in capsys.readouterr().out
    model, x = specc.load("net.cnn"), torch.rand(2, 3, 15, 15)
    found = model.run(x.numpy(), weights=model.weights("later.pt", mapping="net.rules"), device="cpu")
    np.testing.assert_allclose(found, net(x).detach().numpy(), rtol=1e-4, atol=1e-5)
    assert specc.import_onnx("net.onnx").rules == Path("net.rules").read_text(encoding="utf-8")


def test_folded_weights_are_told(tmp_path, monkeypatch, capsys):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    monkeypatch.chdir(tmp_path)
    exported(torch, network(torch).eval())
    assert main(["import", "net.onnx", "-o", "net.cnn", "--map", "net.rules"]) == 0
    told = capsys.readouterr().err
    assert "note: 6 weights have no name of the network's in the file: conv1.weight, conv1.bias, " in told
    assert "`optimize=False`" in told
