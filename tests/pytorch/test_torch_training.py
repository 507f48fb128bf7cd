"""A spec is trained in PyTorch, and its weights come straight back."""

import numpy as np
import pytest

import specc
from specc.cli import main
from specc.data import specs_folder
from specc.interpreter import interpret
from specc.weights import match, read

torch = pytest.importorskip("torch", reason="training is PyTorch's")

from specc.torch import module  # noqa: E402

STEPS = 25
# Seven-segment figures: which of the segments top, middle, bottom, and left and right above and below are lit.
SEGMENTS = ["TBabcd", "bd", "TMBbc", "TMBbd", "Mabd", "TMBad", "TMBacd", "Tbd", "TMBabcd", "TMBabd"]
PLACES = {
    "T": (slice(4, 6), slice(8, 24)),
    "M": (slice(15, 17), slice(8, 24)),
    "B": (slice(26, 28), slice(8, 24)),
    "a": (slice(4, 16), slice(8, 10)),
    "b": (slice(4, 16), slice(22, 24)),
    "c": (slice(16, 28), slice(8, 10)),
    "d": (slice(16, 28), slice(22, 24)),
}


def digits(count, random):
    """Images (count, 1, 32, 32) of noisy, shifted figures, and which they are."""
    labels = random.integers(0, 10, count)
    images = random.normal(0, 0.1, (count, 1, 32, 32))
    for image, label in zip(images, labels, strict=True):
        for segment in SEGMENTS[label]:
            image[0][PLACES[segment]] += 1
        image[0] = np.roll(image[0], random.integers(-2, 3, 2), (0, 1))
    return torch.from_numpy(images.astype(np.float32)), torch.from_numpy(labels)


def test_lenet_learns_and_comes_back(tmp_path, capsys):
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    spec = specs_folder() / "lecture" / "lenet5.cnn"
    graph = specc.load(spec, model="LeNet5").graph
    net = module(graph)
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    losses = []
    for _ in range(STEPS):
        images, labels = digits(32, random)
        loss = torch.nn.functional.nll_loss(torch.log(net(images)), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert np.mean(losses[-5:]) < losses[0] / 2

    torch.save(net.state_dict(), tmp_path / "lenet.pt")
    given, problems = read(tmp_path / "lenet.pt")
    assert not problems
    weights, table, problems = match(graph, given)
    assert not problems
    assert table.complete
    images, _ = digits(4, random)
    expected = net.eval()(images).detach().numpy()
    found = next(iter(interpret(graph, {"image": images.numpy()}, weights).values()))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)

    assert main(["verify", str(spec), "--model", "LeNet5", "--weights", str(tmp_path / "lenet.pt")]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("PASSED")


def test_statistics_of_batch_normalisation_come_back_too(tmp_path):
    model = specc.loads("model Norm { input image 2x4x4; bn }")
    net = module(model)
    net(torch.randn(8, 2, 4, 4) * 3 + 5)
    torch.save(net.state_dict(), tmp_path / "norm.pt")
    weights, _, problems = match(model.graph, read(tmp_path / "norm.pt")[0])
    assert not problems
    np.testing.assert_array_equal(weights["bn1.running_mean"], net.bn1.running_mean.numpy())
    assert (weights["bn1.running_mean"] > 0.3).all()
