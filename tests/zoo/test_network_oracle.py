"""Counts and shapes of well-known implementations, network by network and layer by layer."""

import pytest
from bundled import model
from oracle import NO_COUNTERPART, Row, kind, listed, read, word

from specc.analysis.cost import costs

NETWORKS = read("networks")["networks"]

MODELS = {
    "lenet5_keras": ("lecture/lenet5_keras", "LeNet5Keras"),
    "keras_mnist_lecture": ("lecture/mnist", "Mnist"),
    "keras_mnist_chollet": ("lecture/mnist", "MnistChollet"),
    "keras_dogs_vs_cats": ("lecture/dogs_vs_cats", "DogsVsCats"),
    "alexnet_torchvision": ("lecture/alexnet", "AlexNetOneTower"),
    "alexnet_original_caffe": ("lecture/alexnet", "AlexNet"),
    "zfnet": ("lecture/zfnet", "ZFNet"),
    "vgg11": ("lecture/vgg", "VGG11"),
    "vgg13": ("lecture/vgg", "VGG13"),
    "vgg16": ("lecture/vgg", "VGG16"),
    "vgg19": ("lecture/vgg", "VGG19"),
    "vgg19_bn": ("lecture/vgg", "VGG19BN"),
    "googlenet_caffe": ("lecture/googlenet", "GoogLeNet"),
    "googlenet_torchvision_noaux": ("lecture/googlenet", "GoogLeNetBN"),
    "inception_v3_noaux": ("lecture/inception_v3", "InceptionV3"),
    "resnet18": ("lecture/resnet", "ResNet18"),
    "resnet34": ("lecture/resnet", "ResNet34"),
    "resnet50": ("lecture/resnet", "ResNet50"),
    "resnet101": ("lecture/resnet", "ResNet101"),
    "resnet152": ("lecture/resnet", "ResNet152"),
    "plain34": ("lecture/plain34", "Plain34"),
    "squeezenet1_1": ("zoo/squeezenet1_1", "SqueezeNet"),
    "densenet121": ("zoo/densenet", "DenseNet121"),
    "mobilenet_v1_keras": ("zoo/mobilenet_v1", "MobileNetV1"),
    "mobilenet_v2": ("zoo/mobilenet_v2", "MobileNetV2"),
    "efficientnet_b0": ("zoo/efficientnet", "EfficientNetB0"),
    "convnext_tiny": ("zoo/convnext", "ConvNeXtT"),
    "resnext50_32x4d": ("zoo/resnext50", "ResNeXt50"),
    "unet_same_jvanvugt_256": ("zoo/unet", "UNet256"),
}


def test_every_oracle_has_a_model():
    assert MODELS.keys() == NETWORKS.keys()


@pytest.mark.parametrize("name", MODELS)
def test_totals(name):
    wanted, summary = NETWORKS[name], model(*MODELS[name]).summary
    totals = summary.totals
    keras = wanted["source"].startswith("keras")
    norms = sum(row[0] == "BatchNorm2d" for row in wanted["layers"])
    assert totals.params + (totals.buffers if keras else 0) == wanted["params"]  # Keras counts moving statistics
    assert totals.trainable == wanted["trainable"]
    assert totals.macs == wanted["macs"]
    if not keras:  # PyTorch also counts the batches that each normalisation has seen
        assert totals.buffers + norms == wanted["buffers"]
    assert summary.inputs[0].type.spoken(summary.layout)[1:] == tuple(wanted["input"][1:])
    assert summary.outputs[0].type.spoken(summary.layout)[1:] == tuple(wanted["output"][1:])


@pytest.mark.parametrize("name", MODELS)
def test_layers_in_order(name):
    wanted = oracle_rows(name)
    ours = our_rows(name, {row.kind for row in wanted})
    assert ours == wanted


def oracle_rows(name):
    """The oracle's layers in our words; an activation that Keras fuses into a layer follows it."""
    rows, channels_last = [], False
    for layer, attributes, shape, params, macs in NETWORKS[name]["layers"]:
        channels_last ^= layer == "Permute"
        ours = kind(layer, attributes, shape)
        if ours is None:
            continue
        size = (shape[0], shape[3], shape[1], shape[2]) if channels_last else tuple(shape)
        rows.append(Row(ours, _size(ours, size), params, macs))
        if layer != "Activation" and attributes.get("activation", "linear") != "linear":
            rows.append(Row(attributes["activation"], size, 0, 0))
    return rows


def _size(kind, shape):
    """Dropout may stand on either side of a flatten that only drops axes of size 1."""
    return tuple(size for size in shape if size > 1) if kind == "dropout" else shape


def our_rows(name, kinds):
    graph = model(*MODELS[name]).graph
    keras = NETWORKS[name]["source"].startswith("keras")
    known = dict(zip((node.name for node in graph.nodes), costs(graph), strict=True))
    rows = []
    for node in listed(graph, kinds, name):
        cost = known[node.name]
        shape = _size(word(node), (1, *node.types[0].spoken(graph.layout)[1:]))
        rows.append(Row(word(node), shape, cost.params + (cost.buffers if keras else 0), cost.macs))
    return rows


def test_what_is_left_out_has_no_weights():
    """A layer without a counterpart must not hide parameters or work."""
    left_out = [row for net in NETWORKS.values() for row in net["layers"] if row[0] in NO_COUNTERPART]
    assert {row[0] for row in left_out} == set(NO_COUNTERPART)
    assert all(params == macs == 0 for *_, params, macs in left_out)
