"""The vision transformer with weights called as torchvision calls them computes what PyTorch's own layers compute."""

import pytest

import specc
from specc.data import specs_folder

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
nn = torch.nn

from specc.torch import module  # noqa: E402

WIDTH, DEPTH, PATCH, HEADS = 16, 2, 112, 2


class Attention(nn.MultiheadAttention):
    """The attention of each row to all."""

    def forward(self, x):
        return super().forward(x, x, x, need_weights=False)[0]


class Layer(nn.Module):
    """torchvision's EncoderBlock."""

    def __init__(self):
        super().__init__()
        self.ln_1 = nn.LayerNorm(WIDTH, eps=1e-6)
        self.self_attention = Attention(WIDTH, HEADS, batch_first=True)
        self.ln_2 = nn.LayerNorm(WIDTH, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Dropout(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x):
        x = x + self.self_attention(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Encoder(nn.Module):
    """torchvision's Encoder."""

    def __init__(self):
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.rand(1, (224 // PATCH) ** 2 + 1, WIDTH))
        self.layers = nn.Sequential(*(Layer() for _ in range(DEPTH)))
        self.ln = nn.LayerNorm(WIDTH, eps=1e-6)

    def forward(self, x):
        return self.ln(self.layers(x + self.pos_embedding))


class VisionTransformer(nn.Module):
    """torchvision's VisionTransformer, whose names and order of tensors these are."""

    def __init__(self):
        super().__init__()
        self.conv_proj = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.class_token = nn.Parameter(torch.rand(1, 1, WIDTH))
        self.encoder = Encoder()
        self.heads = nn.Sequential(nn.Linear(WIDTH, 1000))

    def forward(self, x):
        rows = self.conv_proj(x).flatten(2).permute(0, 2, 1)
        return self.heads(self.encoder(torch.cat([self.class_token.expand(len(x), -1, -1), rows], 1))[:, 0])


def test_torchvisions_weights_give_its_outputs(tmp_path):
    torch.manual_seed(0)
    reference = VisionTransformer().eval()
    torch.save(reference.state_dict(), tmp_path / "vit.pth")
    settings = {"patch": PATCH, "width": WIDTH, "depth": DEPTH, "heads": HEADS}
    model = specc.load(specs_folder() / "zoo" / "vit.cnn", model="ViT", **settings)
    with pytest.warns(UserWarning, match="32 of 32 tensors are matched by the order of layers"):
        ours = module(model, tmp_path / "vit.pth").eval()
    x = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), reference(x), rtol=1e-4, atol=1e-5)
