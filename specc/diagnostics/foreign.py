"""Layers as PyTorch and Keras write them, and the same here: `nn.Conv2d(3, 64, 3)` is `conv 64, 3`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from specc.diagnostics.suggest import SYNONYMS


class Layer(NamedTuple):
    """The word here, and what the values without a name are in their order; `None` for what is not written here."""

    word: str
    names: tuple[str | None, ...] = ()


_CONV: Final = ("channels", "kernel", "stride", "pad")
_POOL: Final = ("kernel", "stride", "pad")


def _each(name: str, word: str, *names: str | None) -> dict[str, Layer]:
    return {f"{name}{rank}d": Layer(word, names) for rank in (1, 2, 3)}


LAYERS: Final[dict[str, Layer]] = {
    **_each("Conv", "conv", None, *_CONV, "dilation", "groups", "bias"),
    **_each("ConvTranspose", "deconv", None, *_CONV, None, "groups", "bias", "dilation"),
    **_each("BatchNorm", "bn", None, "eps"),
    **_each("InstanceNorm", "instancenorm", None, "eps"),
    **_each("MaxPool", "maxpool", *_POOL, "dilation"),
    **_each("AvgPool", "avgpool", *_POOL),
    **_each("AdaptiveAvgPool", "adaptive_avgpool", "size"),
    "Linear": Layer("dense", (None, "units", "bias")),
    "GroupNorm": Layer("groupnorm", ("groups", None, "eps")),
    "Dropout": Layer("dropout", ("rate",)),
    "Dropout2d": Layer("dropout", ("rate",)),
    "Flatten": Layer("flatten"),
    "Identity": Layer("identity"),
    "ReLU": Layer("relu"),
    "ReLU6": Layer("relu6"),
    "Sigmoid": Layer("sigmoid"),
    "Tanh": Layer("tanh"),
    "GELU": Layer("gelu"),
    "SiLU": Layer("silu"),
    "LeakyReLU": Layer("leaky_relu", ("alpha",)),
    "Conv1D": Layer("conv", _CONV),
    "Conv2D": Layer("conv", _CONV),
    "Conv3D": Layer("conv", _CONV),
    "Conv2DTranspose": Layer("deconv", _CONV),
    "Dense": Layer("dense", ("units", "act")),
    "BatchNormalization": Layer("bn"),
    "MaxPooling2D": Layer("maxpool", _POOL),
    "MaxPool2D": Layer("maxpool", _POOL),
    "AveragePooling2D": Layer("avgpool", _POOL),
    "GlobalAveragePooling2D": Layer("global_avgpool"),
    "GlobalMaxPooling2D": Layer("global_maxpool"),
}
"""By the name of the class, without its module."""
UNWRITTEN: Final = frozenset(
    {"in_channels", "in_features", "num_features", "num_channels", "input_shape", "input_dim", "inplace", "name"}
    | {"start_dim", "end_dim", "momentum", "data_format", "device", "dtype", "axis", "bias_initializer"}
)
"""Arguments with nothing here for them: most sizes are known, and others are as specc has them."""
_BARE: Final = ("channels", "kernel", "units", "rate", "alpha", "size")
"""Arguments that stand without a name, where those before them do."""
_BARE_OF: Final = {"groupnorm": ("groups",)}
DEFAULTS: Final = {"maxpool": ("kernel", (2, 2)), "avgpool": ("kernel", (2, 2))}
"""What Keras takes where nothing is written."""
_CALL: Final = re.compile(r"(?:[A-Za-z_]\w*\s*\.\s*)*([A-Za-z_]\w*)\s*\(")
_LONGEST: Final = 300
_ALL_AXES: Final = frozenset({"1", "-1", "start_dim=1", "end_dim=-1"})
"""What PyTorch's `Flatten` is told where it makes one row of an item."""
_OPENING, _CLOSING = "([{", ")]}"


def meant(name: str) -> Layer | None:
    """The layer that a class is here."""
    return LAYERS.get(name.rpartition(".")[2])


def written_here(text: str, start: int) -> str | None:
    """The call at `start`, `nn.Conv2d(3, 64, kernel_size=3)`, as it is written here; `None` if it is no known one."""
    call = _CALL.match(text, start, start + _LONGEST)
    layer = meant(call[1]) if call is not None else None
    if call is None or layer is None:
        return None
    parts = _parts(text[call.end() : call.end() + _LONGEST])
    if parts is None or (layer.word == "flatten" and not _ALL_AXES.issuperset(parts)):
        return None
    return _statement(layer, parts)


def _parts(text: str) -> list[str] | None:
    """What commas part up to the bracket that closes; `None` where none does."""
    parts, depth, begin = [], 0, 0
    for index, sign in enumerate(text):
        if sign in _CLOSING and depth == 0:
            parts.append(text[begin:index].strip())
            return [part for part in parts if part]
        depth += (sign in _OPENING) - (sign in _CLOSING)
        if sign == "," and depth == 0:
            parts.append(text[begin:index].strip())
            begin = index + 1
    return None


def _statement(layer: Layer, parts: Sequence[str]) -> str:
    given = dict(_named(layer, parts))
    if layer.word in DEFAULTS:
        name, sizes = DEFAULTS[layer.word]
        given.setdefault(name, "x".join(map(str, sizes)))
    bare = [given.pop(name) for name in (*_BARE, *_BARE_OF.get(layer.word, ())) if name in given]
    act = given.pop("act", None)
    shown = [*bare, *(f"{name}={value}" for name, value in given.items()), *filter(None, [act])]
    return f"{layer.word} {', '.join(shown)}".strip()


def _named(layer: Layer, parts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The arguments by their names here."""
    for index, part in enumerate(parts):
        key, equals, value = part.partition("=")
        name = layer.names[index] if not equals and index < len(layer.names) else None
        if equals and key.strip() not in UNWRITTEN:
            name = key.strip() if key.strip() in layer.names else SYNONYMS.get(key.strip(), key.strip())
        if name is not None and not (name == "bias" and _value(value or part) == "true"):
            yield name, _value(value or part)


def _value(text: str) -> str:
    """A value as it is written here: `(3, 3)` is `3x3`, `"relu"` is `relu`, `False` is `false`."""
    text = text.strip().strip("\"'")
    if re.fullmatch(r"\(\s*\d+(\s*,\s*\d+)+\s*\)", text):
        return "x".join(re.findall(r"\d+", text))
    return text.lower() if text in ("True", "False") else text
