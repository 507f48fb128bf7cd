"""Small networks that hold, between them, every kind of layer worth sabotaging."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "onnx"))
from graphs import layer, network, shape

from specc.ir.graph import Graph
from tests.verify.fault_specs import specs


def networks() -> dict[str, Graph]:
    return {
        "convolutions": _convolutions(),
        "groups": _groups(),
        "residual": _residual(),
        "pools": _pools(),
        "norms": _norms(),
        "hwc": _hwc(),
        "deconv": _deconv(),
        "resizing": _resizing(),
        "concat": _concat(),
        "activations": _activations(),
        "wide": _wide(),
        **specs(),
    }


def _conv(channels: int, kernel: int = 3, **more: object) -> object:
    return layer("conv", channels=channels, kernel=(kernel,), **more)


def _convolutions() -> Graph:
    return network(
        shape(3, 13, 11),
        ("conv1", _conv(8, pad=(1,))),
        ("relu1", layer("relu")),
        ("conv2", _conv(8, stride=(2,), pad=(0, 1, 2, 1))),
        ("leaky1", layer("leaky_relu")),
        ("conv3", _conv(8, dilation=(2,), pad=(2,), bias=False)),
        ("conv4", _conv(6, kernel=1)),
    )


def _groups() -> Graph:
    return network(
        shape(8, 10, 10),
        ("conv1", _conv(8, groups=2, pad=(1,))),
        ("shuffle1", layer("channel_shuffle", groups=2)),
        ("depthwise1", layer("depthwise", kernel=(5,), pad=(2,))),
        ("swish1", layer("hardswish")),
        ("conv2", _conv(8, groups=4, stride=(2,))),
    )


def _residual() -> Graph:
    return network(
        shape(6, 9, 9),
        ("conv1", _conv(6, pad=(1,), bias=False)),
        ("bn1", layer("bn")),
        ("relu1", layer("relu")),
        ("conv2", _conv(6, pad=(1,))),
        ("sub1", layer("sub"), ["relu1", "conv2"]),
        ("add1", layer("add"), ["sub1", "conv1"]),
        ("mul1", layer("mul"), ["add1", "bn1"]),
    )


def _pools() -> Graph:
    return network(
        shape(4, 14, 14),
        ("maxpool1", layer("maxpool", kernel=(3,), stride=(2,), pad=(1,))),
        ("avgpool1", layer("avgpool", kernel=(3,), stride=(1,), pad=(1,), count_include_pad=True)),
        ("lppool1", layer("lppool", kernel=(3,), stride=(1,))),
        ("maxpool2", layer("maxpool", kernel=(2,), stride=(2,), round="ceil")),
        ("gap1", layer("global_avgpool")),
    )


def _norms() -> Graph:
    return network(
        shape(8, 6, 6),
        ("lrn1", layer("lrn", size=5, alpha=0.1)),
        ("bn1", layer("bn")),
        ("groupnorm1", layer("groupnorm", groups=2)),
        ("layernorm1", layer("layernorm")),
        ("instancenorm1", layer("instancenorm")),
    )


def _hwc() -> Graph:
    return network(
        shape(3, 11, 9),
        ("conv1", _conv(6, pad=(1,))),
        ("relu1", layer("relu")),
        ("pool1", layer("maxpool", kernel=(2,))),
        ("flatten1", layer("flatten")),
        ("dense1", layer("dense", units=10)),
        ("softmax1", layer("softmax")),
        layout="hwc",
    )


def _deconv() -> Graph:
    return network(
        shape(4, 6, 6),
        ("deconv1", layer("deconv", channels=4, kernel=(3,), stride=(2,), pad=(1,))),
        ("upsample1", layer("upsample", scale=(2,), mode="bilinear")),
        ("deconv2", layer("deconv", channels=4, kernel=(2,), stride=(2,), bias=False)),
        ("upsample2", layer("upsample", scale=(2,), mode="nearest")),
    )


def _resizing() -> Graph:
    return network(
        shape(4, 12, 10),
        ("resize1", layer("resize", size=(17, 7), mode="cubic")),
        ("resize2", layer("resize", size=(9, 14), mode="bilinear", antialias=True, exclude_outside=False)),
        ("upsample1", layer("upsample", scale=1.5, rounding="half_up", coordinates="half_pixel")),
        ("resize3", layer("resize", size=(9, 13), mode="bilinear", coordinates="asymmetric")),
        ("resize4", layer("resize", size=(8,), mode="cubic", antialias=True, coefficient=-0.75)),
    )


def _concat() -> Graph:
    return network(
        shape(4, 8, 8),
        ("left", _conv(4, pad=(1,))),
        ("right", _conv(4, kernel=5, pad=(2,)), ["image"]),
        ("concat1", layer("concat"), ["left", "right"]),
        ("prelu1", layer("prelu")),
        ("flatten1", layer("flatten")),
        ("dense1", layer("dense", units=32)),
        ("dense2", layer("dense", units=32)),
        ("log_softmax1", layer("log_softmax")),
    )


def _activations() -> Graph:
    words = ("gelu", "elu", "silu", "softplus", "tanh", "sigmoid", "relu6", "selu", "hardsigmoid", "softsign", "mish")
    first = ("conv1", _conv(6, pad=(1,)))
    return network(shape(6, 7, 7), first, *((f"{word}1", layer(word), ["conv1"]) for word in words))


def _wide() -> Graph:
    return network(shape(1000), ("dense1", layer("dense", units=1000)), ("relu1", layer("relu")))
