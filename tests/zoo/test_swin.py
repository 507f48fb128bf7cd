"""A layer of the Swin transformer computes what it does in PyTorch, written as torchvision writes it."""

import numpy as np
import pytest

import specc
from specc.data import specs_folder

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
nn = torch.nn

SIZE, WIDTH, WINDOW, HEADS = 12, 16, 4, 2
ONE = f"model One(shift = 0) {{ input x [{SIZE}, {SIZE}, {WIDTH}]; encoder_layer {HEADS}, {WINDOW}, shift }}"


def regions(shift):
    """-100 for pairs of positions of a window that rolling has brought together: torchvision's attention mask."""
    number, bands = torch.zeros(SIZE, SIZE), (slice(0, -WINDOW), slice(-WINDOW, -shift), slice(-shift, None))
    for index, (rows, columns) in enumerate((rows, columns) for rows in bands for columns in bands):
        number[rows, columns] = index
    windows = cut(number[None, :, :, None])[..., 0]
    return ((windows[:, None] - windows[:, :, None]) != 0).float()[:, None] * -100


def cut(x):
    """(batch, rows, columns, features) -> (batch * windows, positions, features)."""
    across = SIZE // WINDOW
    x = x.view(-1, across, WINDOW, across, WINDOW, x.shape[-1]).permute(0, 1, 3, 2, 4, 5)
    return x.reshape(-1, WINDOW**2, x.shape[-1])


def joined(x):
    across = SIZE // WINDOW
    x = x.view(-1, across, across, WINDOW, WINDOW, WIDTH).permute(0, 1, 3, 2, 4, 5)
    return x.reshape(-1, SIZE, SIZE, WIDTH)


class Layer(nn.Module):
    """torchvision's SwinTransformerBlock."""

    def __init__(self, shift):
        super().__init__()
        self.shift = shift
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.table = nn.Parameter(torch.randn((2 * WINDOW - 1) ** 2, HEADS))
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def positions(self):
        rows, columns = torch.meshgrid(torch.arange(WINDOW), torch.arange(WINDOW), indexing="ij")
        places = torch.stack([rows.flatten(), columns.flatten()])
        apart = places[:, :, None] - places[:, None, :] + WINDOW - 1
        return self.table[apart[0] * (2 * WINDOW - 1) + apart[1]].permute(2, 0, 1)

    def attention(self, x):
        x = cut(torch.roll(x, (-self.shift, -self.shift), (1, 2)))
        q, k, v = self.qkv(x).view(len(x), -1, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        scores = (q * (WIDTH // HEADS) ** -0.5) @ k.transpose(-2, -1) + self.positions()
        if self.shift:
            scores = scores + regions(self.shift)
        x = self.proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(len(x), -1, WIDTH))
        return torch.roll(joined(x), (self.shift, self.shift), (1, 2))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


@pytest.mark.parametrize("shift", [0, 2])
def test_a_layer_is_that_of_pytorch(shift):
    torch.manual_seed(0)
    layer = Layer(shift).eval()
    text = (specs_folder() / "zoo" / "swin.cnn").read_text("utf-8")
    model = specc.loads(f"{text}\n{ONE}", model="One", shift=shift)
    own = {name: tensor.numpy() for name, tensor in layer.state_dict().items()}
    table = own.pop("table").T.reshape(HEADS, 2 * WINDOW - 1, 2 * WINDOW - 1)
    names = {
        "norm1": "encoder_layer1.layernorm1", "qkv": "encoder_layer1.attention1.qkv",
        "proj": "encoder_layer1.attention1.out", "norm2": "encoder_layer1.layernorm2",
        "mlp.0": "encoder_layer1.dense1", "mlp.2": "encoder_layer1.dense2",
    }  # fmt: skip
    weights = {f"{names[name.rpartition('.')[0]]}.{name.rpartition('.')[2]}": array for name, array in own.items()}
    weights["encoder_layer1.attention1.near.learned1.weight"] = table
    fixed = {name: array for name, array in model.weights().items() if "learned" in name and name not in weights}
    x = torch.randn(1, SIZE, SIZE, WIDTH)
    with torch.no_grad():
        wanted = layer(x).numpy()
    np.testing.assert_allclose(model.run(x.numpy(), weights={**weights, **fixed}), wanted, rtol=1e-4, atol=1e-5)
