"""What docs/weights.md says of state dicts: its spec and its rules take those of a module with torchvision's names."""

import re
from pathlib import Path

import numpy as np
import pytest

import specc

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
nn = torch.nn

TEXT = (Path(__file__).parents[2] / "docs" / "weights.md").read_text(encoding="utf-8")
SPEC = re.search(r"^```cnn\n(block basic.*?)^```", TEXT, re.M | re.S)[1]
RULES = re.search(r"^```text\n(# torchvision.*?)^```", TEXT, re.M | re.S)[1]


class Basic(nn.Module):
    def __init__(self, before: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = nn.Sequential()
        if stride != 1 or before != channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(before, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (y + self.downsample(x)).relu()


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.randn(32))
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(Basic(16, 16, 1), Basic(16, 16, 1))
        self.layer2 = nn.Sequential(Basic(16, 32, 2), Basic(32, 32, 1))
        self.fc = nn.Linear(32, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.layer2(self.layer1(self.bn1(self.conv1(x)).relu()))
        return self.fc(self.alpha * x.mean((2, 3)))


def saved(module: nn.Module, path: Path) -> Path:
    """A checkpoint as a training script of several GPUs writes it."""
    torch.save({"state_dict": {f"module.{name}": x for name, x in module.state_dict().items()}, "epoch": 3}, path)
    return path


def test_rules_for_torchvision_names(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Small().eval()
    rules = tmp_path / "torchvision.rules"
    rules.write_text(RULES, encoding="utf-8")
    spec = specc.loads(SPEC)
    x = torch.randn(2, 3, 32, 32)
    weights = spec.weights(saved(module, tmp_path / "small.pth"), mapping=rules)
    np.testing.assert_allclose(spec.run(x.numpy(), weights=weights), module(x).detach().numpy(), rtol=1e-3, atol=1e-5)


TWO = """
block unit(channels) {{
    {block}
}}
model Two {{
    input image 3x8x8
    unit 8; unit 8
    global_avgpool; features: flatten
    a: dense 4, from=features
    b: dense 4, from=features
    output b
}}
"""
BEHIND = "residual { conv channels, 3x3, pad=1 } shortcut { conv channels, 1x1 }"
IN_FRONT = "residual { conv channels, 1x1 } shortcut { conv channels, 3x3, pad=1 }"


@pytest.mark.parametrize(("first", "block"), [(3, BEHIND), (1, IN_FRONT)], ids=["behind", "in front"])
def test_the_order_of_the_text_is_the_order_of_the_file(first: int, block: str) -> None:
    """A file with the shortcut in front fits the spec with it in the first body; heads are taken in their order."""
    second = 4 - first
    convs = [nn.Conv2d(before, 8, k, padding=k // 2) for before in (3, 8) for k in (first, second)]
    heads = [nn.Linear(8, 4), nn.Linear(8, 4)]
    x = torch.randn(1, 3, 8, 8)
    y = convs[0](x) + convs[1](x)
    y = heads[1]((convs[2](y) + convs[3](y)).mean((2, 3)))
    state = nn.Sequential(*convs, *heads).state_dict()
    with pytest.warns(UserWarning, match="matched by the order of layers"):
        actual = specc.loads(TWO.format(block=block)).run(x.numpy(), weights=state)
    np.testing.assert_allclose(actual, y.detach().numpy(), rtol=1e-4, atol=1e-5)
