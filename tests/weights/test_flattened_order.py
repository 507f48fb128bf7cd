"""Weights of layers that read a flattened image: PyTorch's columns stand channel, height, width, Keras's rows height,
width, channel, and a spec's as its shapes are written."""

import numpy as np
import pytest

import specc
import specc.torch

torch = pytest.importorskip("torch", reason="PyTorch computes what is expected")

HEADS = {
    "dense": ("dense 5", lambda: [torch.nn.Linear(96, 5)]),
    "bn before": ("bn; dense 5", lambda: [torch.nn.BatchNorm1d(96), torch.nn.Linear(96, 5)]),
    "relu and dropout before": ("relu; dropout; dense 5", lambda: [torch.nn.ReLU(), torch.nn.Linear(96, 5)]),
}


def spec(head="dense 5", order="flatten", layout="hwc"):
    shape = "5x4x3, layout=hwc" if layout == "hwc" else "3x5x4"
    return specc.loads(f"model Net {{ input image {shape}; conv 8, 2x2; relu; {order}; {head} }}")


def network(make=HEADS["dense"][1]):
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 2), torch.nn.ReLU(), torch.nn.Flatten(), *make()).eval()
    for name, value in net.state_dict().items():
        if value.is_floating_point():
            value.copy_(torch.rand_like(value) + 0.1 if "var" in name else torch.randn_like(value))
    return net


def agree(model, net, weights, like="chw"):
    """Whether `model` computes what `net` does with these weights."""
    image = torch.rand(2, 3, 5, 4, generator=torch.Generator().manual_seed(0))
    given = image if model.graph.layout == "chw" else image.movedim(1, -1)
    ours = model.run(given.numpy(), weights=weights)
    return np.allclose(ours, net(image).detach().numpy(), atol=1e-3)


@pytest.mark.filterwarnings("ignore:the names in")
@pytest.mark.parametrize("layout", ["chw", "hwc"])
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("where", ["file", "memory", "checkpoint"])
def test_what_pytorch_has_is_brought_into_the_order_of_the_spec(tmp_path, head, layout, where):
    text, make = HEADS[head]
    model, net = spec(text, layout=layout), network(make)
    weights = net.state_dict()
    if where != "memory":
        torch.save(weights if where == "file" else {"state_dict": weights, "epoch": 1}, tmp_path / "w.pt")
        weights = tmp_path / "w.pt"
    assert agree(model, net, weights)


@pytest.mark.filterwarnings("ignore:the names in")
def test_a_reshape_to_a_row_is_a_flatten_and_a_transpose_says_the_order():
    net = network()
    assert agree(spec(order="reshape 96"), net, net.state_dict())
    assert agree(spec(order="reshape 48x2; relu; flatten"), net, net.state_dict())
    assert agree(spec(order="transpose (2, 0, 1); flatten"), net, net.state_dict())


@pytest.mark.filterwarnings("ignore:the names in")
@pytest.mark.parametrize("wrap", [lambda net: net, torch.nn.DataParallel, torch.nn.Sequential])
def test_the_state_of_a_module_made_by_specc_comes_back_as_it_is(tmp_path, wrap):
    model = spec()
    module = wrap(specc.torch.module(model, seed=3))
    torch.save(module.state_dict(), tmp_path / "w.pt")
    for source in (module.state_dict(), tmp_path / "w.pt"):
        found = model.weights(source)
        for name, value in model.weights(seed=3).items():
            np.testing.assert_array_equal(found[name], value)


@pytest.mark.parametrize("suffix", ["npz", "safetensors", "onnx"])
def test_files_of_our_own_say_their_order(tmp_path, suffix, recwarn):
    model, file = spec(), tmp_path / f"w.{suffix}"
    if suffix == "onnx":
        model.export(file, seed=3)
    else:
        specc.weights.write(model.weights(seed=3), file)
    for name, value in model.weights(file).items():
        np.testing.assert_array_equal(value, model.weights(seed=3)[name])
    assert not recwarn.list


def test_an_exported_file_of_the_other_layout_is_rearranged(tmp_path):
    spec(layout="chw").export(tmp_path / "w.onnx", seed=3)
    image = np.random.default_rng(0).random((1, 3, 5, 4), np.float32)
    theirs = spec(layout="chw").run(image, seed=3)
    ours = spec().run(np.moveaxis(image, 1, -1), weights=tmp_path / "w.onnx")
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize(
    ("weights", "taken"),
    [
        (lambda state: {name: value.numpy() for name, value in state.items()}, "in the order of the spec's shapes"),
        (lambda state: dict(state), "as PyTorch's, channel, height, width, and rearranged"),
    ],
    ids=["arrays", "a dict that says no more where it comes from"],
)
def test_an_order_that_nothing_says_is_told(weights, taken):
    with pytest.warns(UserWarning, match="`dense1.weight`") as told:
        spec().weights(weights(specc.torch.module(spec(layout="chw")).state_dict()))
    assert [taken in str(warning.message) for warning in told] == [True]


@pytest.mark.parametrize("text", ["global_avgpool; flatten; dense 5", "flatten; dense 5"])
def test_where_the_order_makes_no_difference_nothing_is_told(text, recwarn):
    model = specc.loads(f"model Net {{ input image 4x4x1, layout=hwc; {text} }}")
    model.weights({name: np.array(value) for name, value in model.weights().items()})
    assert not recwarn.list
