"""What PyTorch's exporters make of `nn.MultiheadAttention`, and of windows that are shifted as in a Swin transformer.

The modules are those of torchvision, smaller.
"""

import io
import os
import warnings

import pytest
from exchange import SCRIPT, imported, round_trip, words

from specc.decompile import spec_of

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
torch = pytest.importorskip("torch", reason="PyTorch is not installed")
F, nn = torch.nn.functional, torch.nn


class EncoderBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.self_attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x):
        y = self.ln_1(x)
        x = x + self.self_attention(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class VisionTransformer(nn.Module):
    """vit_b_16: patches, a class token before them, their positions, encoder blocks, a head."""

    shape = (3, 16, 16)

    def __init__(self):
        super().__init__()
        self.conv_proj, self.class_token = nn.Conv2d(3, 8, 8, 8), nn.Parameter(torch.rand(1, 1, 8))
        self.pos_embedding, self.block = nn.Parameter(torch.rand(1, 5, 8)), EncoderBlock(8, 2)
        self.ln, self.head = nn.LayerNorm(8, eps=1e-6), nn.Linear(8, 10)

    def forward(self, x):
        n, _, h, w = x.shape
        tokens = self.conv_proj(x).reshape(n, 8, (h // 8) * (w // 8)).permute(0, 2, 1)
        tokens = torch.cat([self.class_token.expand(n, -1, -1), tokens], 1) + self.pos_embedding
        return self.head(self.ln(self.block(tokens))[:, 0])


class Weighing(nn.Module):
    """Attention that gives its weights away, so that it is computed in steps, here with the sequence first."""

    shape = (5, 8)

    def __init__(self):
        super().__init__()
        self.attention, self.dense = nn.MultiheadAttention(8, 2), nn.Linear(8, 3)

    def forward(self, x):
        y = x.transpose(0, 1)
        return self.dense(self.attention(y, y, y)[0].transpose(0, 1))


class SequenceFirst(nn.Module):
    """A whole encoder layer with the batch as the second axis."""

    shape = (5, 8)

    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, norm_first=True, activation="gelu")

    def forward(self, x):
        return self.layer(x.transpose(0, 1)).transpose(0, 1)


class Causal(nn.Module):
    shape = (5, 8)

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return self.attention(x, x, x, attn_mask=mask, need_weights=False)[0]


class Queries(nn.Module):
    """Learned queries look at the input, as in DETR's decoder."""

    shape = (5, 8)

    def __init__(self):
        super().__init__()
        self.layer, self.queries = (
            nn.TransformerDecoderLayer(8, 2, 16, batch_first=True),
            nn.Parameter(torch.rand(1, 3, 8)),
        )

    def forward(self, x):
        return self.layer(self.queries.expand(x.shape[0], -1, -1), x)


class ShiftedWindows(nn.Module):
    """Attention within windows of 4 x 4 positions, moved by two: `shifted_window_attention`."""

    shape = (8, 8, 8)
    window, heads, shift = 4, 2, 2

    def __init__(self):
        super().__init__()
        self.norm, self.qkv, self.proj = nn.LayerNorm(8), nn.Linear(8, 24), nn.Linear(8, 8)
        self.bias = nn.Parameter(torch.rand(1, 2, 16, 16))

    def forward(self, x):
        return x + self.attention(self.norm(x))

    def attention(self, x):
        n, h, w, c = x.shape
        x = torch.roll(x, shifts=(-self.shift, -self.shift), dims=(1, 2))
        count = (h // self.window) * (w // self.window)
        x = x.view(n, h // self.window, self.window, w // self.window, self.window, c)
        x = x.permute(0, 1, 3, 2, 4, 5).reshape(n * count, self.window**2, c)
        qkv = self.qkv(x).reshape(x.size(0), x.size(1), 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        scores = (qkv[0] * (c // self.heads) ** -0.5).matmul(qkv[1].transpose(-2, -1)) + self.bias
        scores = scores.view(n, count, self.heads, x.size(1), x.size(1)) + self.mask(x, h, w, count)
        weights = F.softmax(scores.view(-1, self.heads, x.size(1), x.size(1)), dim=-1)
        x = self.proj(weights.matmul(qkv[2]).transpose(1, 2).reshape(x.size(0), x.size(1), c))
        x = x.view(n, h // self.window, w // self.window, self.window, self.window, c)
        x = x.permute(0, 1, 3, 2, 4, 5).reshape(n, h, w, c)
        return torch.roll(x, shifts=(self.shift, self.shift), dims=(1, 2))

    def mask(self, x, h, w, count):
        regions = x.new_zeros((h, w))
        edges = ((0, -self.window), (-self.window, -self.shift), (-self.shift, None))
        for number, (rows, columns) in enumerate((a, b) for a in edges for b in edges):
            regions[rows[0] : rows[1], columns[0] : columns[1]] = number
        regions = regions.view(h // self.window, self.window, w // self.window, self.window)
        regions = regions.permute(0, 2, 1, 3).reshape(count, self.window**2)
        apart = regions.unsqueeze(1) - regions.unsqueeze(2)
        return apart.masked_fill(apart != 0, -100.0).masked_fill(apart == 0, 0.0).unsqueeze(1).unsqueeze(0)


MODULES = (VisionTransformer, Weighing, SequenceFirst, Causal, Queries, ShiftedWindows)


def exported(module, dynamo, opened):
    torch.manual_seed(0)
    stream, example = io.BytesIO(), torch.rand(2 if opened else 1, *module.shape)
    if dynamo:
        how = {"dynamic_shapes": ({0: torch.export.Dim("batch")},) if opened else None, "verbose": False}
    else:
        how = {"dynamic_axes": {"x": {0: "batch"}} if opened else None, "input_names": ["x"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module().eval(), (example,), stream, opset_version=18, dynamo=dynamo, **how)
    return stream.getvalue()


@pytest.mark.parametrize("opened", [False, True], ids=["one item", "open batch"])
@pytest.mark.parametrize("dynamo", [False, pytest.param(True, marks=SCRIPT)], ids=["legacy", "dynamo"])
@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_is_verified_against_the_file(module, dynamo, opened, tmp_path):
    report, diagnostics = round_trip(exported(module, dynamo, opened), tmp_path)
    assert report is not None, diagnostics
    assert report.passed, [(layer.node, layer.status, layer.note) for layer in report.layers if not layer.passed]


def test_a_vision_transformer_reads_as_one():
    found = imported(exported(VisionTransformer, False, True))
    spec, diagnostics = spec_of(found.graph, "vit.cnn")
    assert spec is not None, diagnostics
    lines = [line.partition("  ->")[0].strip() for line in spec.text.splitlines()]
    for line in ("branch { learned 1x8 }", "bias elementwise=true", "q, k, v: split 3, axis=-1", "matmul values"):
        assert line in lines
    assert words(found.graph).count("dense") == 5
