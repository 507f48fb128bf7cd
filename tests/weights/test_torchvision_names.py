"""State dicts of torchvision's models fit the bundled specs as they are: by the order of their layers.

`oracles/torchvision_names.json` lists the names and shapes, auxiliary classifiers included.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import specc
from specc.data import specs_folder
from specc.weights.align import by_order
from specc.weights.axes import targets
from specc.weights.tensors import Tensor, Weights
from specc.weights.torchvision import in_layer_order

LISTED = json.loads((Path(__file__).parents[1] / "oracles" / "torchvision_names.json").read_text())
MODELS = {
    "alexnet": ("lecture/alexnet", "AlexNetOneTower"),
    "vgg16": ("lecture/vgg", "VGG16"),
    "vgg11_bn": ("lecture/vgg", "VGG11BN"),
    "googlenet": ("lecture/googlenet", "GoogLeNetBN"),
    "inception_v3": ("lecture/inception_v3", "InceptionV3"),
    "resnet18": ("lecture/resnet", "ResNet18"),
    "resnet50": ("lecture/resnet", "ResNet50"),
    "squeezenet1_1": ("zoo/squeezenet1_1", "SqueezeNet"),
    "densenet121": ("zoo/densenet", "DenseNet121"),
    "mobilenet_v2": ("zoo/mobilenet_v2", "MobileNetV2"),
    "efficientnet_b0": ("zoo/efficientnet", "EfficientNetB0"),
    "convnext_tiny": ("zoo/convnext", "ConvNeXtT"),
    "resnext50_32x4d": ("zoo/resnext50", "ResNeXt50"),
}


def state_dict(name) -> Weights:
    """Tensors of the listed names and shapes, without values."""
    shapes = {}
    for row in LISTED[name]:
        layer, *parts = row.split(" ")
        for part in parts:
            tensor, _, shape = part.partition(":")
            shapes[f"{layer}.{tensor}".lstrip(".")] = tuple(map(int, shape.split("x")))
    return Weights({tensor: Tensor(shape, lambda: np.zeros(0)) for tensor, shape in shapes.items()})


def sorted_by_name(given: Weights) -> Weights:
    """As safetensors writes them: an order that means nothing."""
    return Weights({name: given.tensors[name] for name in sorted(given)}, ())


@pytest.mark.parametrize("stored", [lambda given: given, sorted_by_name], ids=["state dict", "sorted by name"])
@pytest.mark.parametrize("name", MODELS)
def test_a_state_dict_fits(name, stored):
    spec, model = MODELS[name]
    wanted = targets(specc.load(specs_folder() / f"{spec}.cnn", model=model).graph)
    given = state_dict(name)
    found = by_order(wanted, stored(given))
    assert found is not None
    assert found == by_order(wanted, given)
    assert set(found.values()) == set(wanted)
    left = [theirs for theirs in given if theirs not in found]
    assert all(theirs.startswith(("aux", "Aux")) for theirs in left)
    kept = [(theirs.rpartition(".")[2], ours.rpartition(".")[2]) for theirs, ours in found.items()]
    assert {pair for pair in kept if pair[0] != pair[1]} <= {("layer_scale", "weight")}


def test_names_of_no_listed_network_get_no_order():
    given = sorted_by_name(state_dict("resnet18"))
    del given.tensors["fc.weight"], given.tensors["fc.bias"]
    assert in_layer_order(given) is None
