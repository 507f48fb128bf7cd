"""Layers that share weights are one module in PyTorch, whose tensors stand in its state once."""

import copy

import numpy as np
import pytest

import specc
from specc.interpreter import interpret
from specc.weights import seeded

torch = pytest.importorskip("torch", reason="modules are PyTorch's")

from torch import nn  # noqa: E402

from specc.torch import module  # noqa: E402
from specc.torch.source import to_source  # noqa: E402

SIAMESE = """
block embed { conv 4, 3x3, bias=false; bn; relu; maxpool 2x2; flatten; dense 8, sigmoid }
model Siamese {
    input left 1x6x6
    input right 1x6x6
    l: embed from=left, weights=embed
    r: embed from=right, weights=embed
    sub l, r; abs; dense 1, sigmoid
}
"""
STRIDES = """
model Strides {
    input image 4x16x16
    a: conv 4, 3x3, pad=1, weights=w; bn weights=n
    b: conv 4, 3x3, stride=2, weights=w; bn weights=n, eps=0.1
    separable 4, 3x3, weights=s; separable 4, 3x3, pad=1, dilation=2, weights=s
}
"""


class Siamese(nn.Module):
    """As one writes it by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Sequential()
        self.embed.conv1 = nn.Conv2d(1, 4, 3, bias=False)
        self.embed.bn1 = nn.BatchNorm2d(4)
        self.embed.dense1 = nn.Linear(16, 8)
        self.dense1 = nn.Linear(8, 1)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.embed.bn1(self.embed.conv1(x)))
        x = nn.functional.max_pool2d(x, 2)
        return torch.sigmoid(self.embed.dense1(x.flatten(1)))

    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.dense1((self.features(left) - self.features(right)).abs()))


def test_a_siamese_network_is_what_one_writes_by_hand():
    """The same state fits both, and a step of training changes both alike: gradients of the two sides add up, and
    running statistics see both."""
    model = specc.loads(SIAMESE)
    ours, theirs = module(model), Siamese()
    assert sum(p.numel() for p in ours.parameters()) == model.summary.totals.params
    theirs.load_state_dict(ours.state_dict())
    random = torch.Generator().manual_seed(0)
    pair = [torch.randn(3, 1, 6, 6, generator=random) for _ in range(2)]
    for net in (ours, theirs):
        optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
        net.train()(*pair).sum().backward()
        optimiser.step()
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value)
    torch.testing.assert_close(ours.eval()(*pair), theirs.eval()(*pair))


def test_layers_with_other_settings_use_the_same_tensors():
    graph = specc.loads(STRIDES).graph
    net = module(graph).eval()
    assert set(net.state_dict()) - {"n.num_batches_tracked"} == set(seeded(graph))
    image = np.random.default_rng(0).standard_normal((2, 4, 16, 16)).astype(np.float32)
    (expected,) = interpret(graph, {"image": image}, seeded(graph)).values()
    with torch.no_grad():
        np.testing.assert_allclose(net(torch.from_numpy(image)).numpy(), expected, rtol=1e-4, atol=1e-5)
        twin = copy.deepcopy(net).double()
        for parameter in twin.parameters():
            parameter.zero_()
        assert not twin(torch.from_numpy(image).double()).any()
        assert net(torch.from_numpy(image)).any()


def test_a_layer_without_weights_may_be_called_like_weights():
    text = "model M { input image 4x4x4; w: dropout 0.5; add w; conv 4, 1x1, weights=w; conv 4, 1x1, weights=w.inner }"
    graph = specc.loads(text).graph
    source = to_source(graph)
    assert source.index("self.w = nn.Conv2d") < source.index("self.w.inner = nn.Conv2d")
    assert set(module(graph).state_dict()) == set(seeded(graph))
