"""What PyTorch's exporters make of permutes, views and transposes: read as a spec, verified against the file."""

import io
import os
import warnings

import pytest
from exchange import SCRIPT, round_trip

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
torch = pytest.importorskip("torch", reason="PyTorch is not installed")
F, nn = torch.nn.functional, torch.nn


class Net(nn.Module):
    """`shape` is that of an item; layers are made by name."""

    shape = (3, 8, 8)
    layers = staticmethod(dict)

    def __init__(self):
        super().__init__()
        for name, layer in self.layers().items():
            setattr(self, name, layer)


class Detector(Net):
    """SSD: the values of each position behind one another, all scales together."""

    layers = staticmethod(lambda: {"a": nn.Conv2d(3, 8, 3, 2), "b": nn.Conv2d(8, 24, 3), "c": nn.Conv2d(3, 24, 3)})

    def forward(self, x):
        scales = [self.b(F.relu(self.a(x))), self.c(x)]
        return torch.softmax(torch.cat([y.permute(0, 2, 3, 1).reshape(y.size(0), -1, 6) for y in scales], 1), 2)


class Grid(Net):
    """YOLO: anchors apart from their values, positions before values."""

    layers = staticmethod(lambda: {"a": nn.Conv2d(3, 21, 1)})

    def forward(self, x):
        y = self.a(x)
        n, _, h, w = y.shape
        return y.view(n, 3, 7, h, w).permute(0, 1, 3, 4, 2).contiguous().sigmoid().view(n, -1, 7)


class Points(Net):
    """PointNet: points times a matrix that the network makes of them."""

    shape = (20, 3)
    layers = staticmethod(lambda: {"a": nn.Conv1d(3, 8, 1), "b": nn.Linear(8, 9), "c": nn.Conv1d(3, 8, 1)})

    def forward(self, x):
        matrix = self.b(F.relu(self.a(x.transpose(2, 1))).max(2)[0]).view(-1, 3, 3)
        return self.c(torch.bmm(x, matrix).transpose(2, 1)).max(2)[0]


class Shuffled(Net):
    layers = staticmethod(lambda: {"a": nn.Conv2d(3, 8, 1), "b": nn.Conv2d(8, 8, 3, groups=4)})

    def forward(self, x):
        y = self.a(x)
        n, c, h, w = y.shape
        return self.b(y.view(n, 4, c // 4, h, w).transpose(1, 2).reshape(n, c, h, w))


class Attention(Net):
    """ViT: patches as tokens, queries, keys and values of one layer, heads."""

    layers = staticmethod(
        lambda: {"a": nn.Conv2d(3, 12, 2, 2), "n": nn.LayerNorm(12), "b": nn.Linear(12, 36), "c": nn.Linear(12, 5)}
    )

    def forward(self, x):
        tokens = self.n(self.a(x).flatten(2).transpose(1, 2))
        n, count, size = tokens.shape
        q, k, v = self.b(tokens).reshape(n, count, 3, 2, size // 2).permute(2, 0, 3, 1, 4)
        mixed = (q @ k.transpose(-2, -1) * 0.4).softmax(-1) @ v
        return self.c((tokens + mixed.transpose(1, 2).reshape(n, count, size)).mean(1))


class Windows(Net):
    """Swin, its windows beside the batch: cut, mixed, and put together again."""

    layers = staticmethod(lambda: {"a": nn.Conv2d(3, 6, 1), "n": nn.LayerNorm(6), "b": nn.Linear(6, 6)})

    def forward(self, x):
        y = self.n(self.a(x).permute(0, 2, 3, 1))
        n, h, w, c = y.shape
        cut = y.view(n, h // 4, 4, w // 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(n, -1, 16, c)
        cut = F.gelu(self.b(cut)).softmax(-2).view(n, h // 4, w // 4, 4, 4, c)
        return (y + cut.permute(0, 1, 3, 2, 4, 5).reshape(n, h, w, c)).permute(0, 3, 1, 2)


class ChannelsLast(Net):
    layers = staticmethod(lambda: {"a": nn.Conv2d(3, 6, 3), "b": nn.Linear(216, 5)})

    def forward(self, x):
        return self.b(F.relu(self.a(x)).permute(0, 2, 3, 1).flatten(1))


class Tokens(Net):
    """MLP-Mixer and back: tokens mixed, then an image again."""

    layers = staticmethod(lambda: {"a": nn.Conv2d(3, 6, 2, 2), "n": nn.LayerNorm(6), "b": nn.Linear(16, 16)})

    def forward(self, x):
        y = self.a(x)
        n, c, h, w = y.shape
        tokens = y.flatten(2).transpose(1, 2)
        tokens = tokens + F.gelu(self.b(self.n(tokens).transpose(1, 2))).transpose(1, 2)
        return tokens.reshape(n, h, w, c).permute(0, 3, 1, 2)


MODULES = (Detector, Grid, Points, Shuffled, Attention, Windows, ChannelsLast, Tokens)


def exported(module, dynamo):
    torch.manual_seed(0)
    stream, example = io.BytesIO(), torch.rand(2, *module.shape)
    how = {"dynamic_shapes": ({0: torch.export.Dim("batch")},), "verbose": False} if dynamo else {}
    how = how or {"dynamic_axes": {"x": {0: "batch"}}, "input_names": ["x"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module().eval(), (example,), stream, opset_version=18, dynamo=dynamo, **how)
    return stream.getvalue()


@pytest.mark.parametrize("dynamo", [False, pytest.param(True, marks=SCRIPT)], ids=["legacy", "dynamo"])
@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_is_verified_against_the_file(module, dynamo, tmp_path):
    report, diagnostics = round_trip(exported(module, dynamo), tmp_path)
    assert report is not None, diagnostics
    assert report.passed, [(layer.node, layer.status, layer.note) for layer in report.layers if not layer.passed]
