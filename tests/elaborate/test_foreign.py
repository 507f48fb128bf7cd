"""Layers as PyTorch and Keras write them: what the help says instead is right, and what it says works."""

import re

import pytest

from specc import SpecError, loads
from specc.diagnostics.foreign import written_here

CALLS = {
    "Conv2d(3, 64, 3)": "conv 64, 3",
    "nn.Conv2d(3, 64, kernel_size=3, stride=2, padding=1, bias=False)": "conv 64, 3, stride=2, pad=1, bias=false",
    "torch.nn.Conv2d(in_channels=3, out_channels=64, kernel_size=(3, 5))": "conv 64, 3x5",
    "nn.ConvTranspose2d(3, 16, 2, 2)": "deconv 16, 2, stride=2",
    "BatchNorm2d(3)": "bn",
    "nn.GroupNorm(3, 3)": "groupnorm 3",
    "ReLU(inplace=True)": "relu",
    "LeakyReLU(0.1)": "leaky_relu 0.1",
    "MaxPool2d(3, stride=2, padding=1)": "maxpool 3, stride=2, pad=1",
    "nn.AdaptiveAvgPool2d((1, 1))": "adaptive_avgpool 1x1",
    "nn.Dropout(p=0.5)": "dropout 0.5",
    "Flatten(start_dim=1)": "flatten",
    'Conv2D(64, (3, 3), activation="relu", padding="same")': "conv 64, 3x3, pad=same, relu",
    "layers.Conv2D(filters=64, kernel_size=3, strides=(2, 2), use_bias=False)": "conv 64, 3, stride=2x2, bias=false",
    "MaxPooling2D()": "maxpool 2x2",
    "tf.keras.layers.MaxPooling2D((3, 3), strides=2)": "maxpool 3x3, stride=2",
    "BatchNormalization(momentum=0.9, epsilon=0.001)": "bn eps=0.001",
    "GlobalAveragePooling2D()": "global_avgpool",
}


@pytest.mark.parametrize(("call", "here"), CALLS.items())
def test_a_layer_is_written_as_here_and_works(call: str, here: str) -> None:
    assert written_here(f"x = {call}  # rest", 4) == here
    loads(f"model Net {{ input image 3x32x32; {here} }}")


@pytest.mark.parametrize(
    ("call", "here"), {"nn.Linear(512, 10)": "dense 10", 'Dense(10, "softmax")': "dense 10, softmax"}.items()
)
def test_dense_layers_work_on_flat_values(call: str, here: str) -> None:
    assert written_here(call, 0) == here
    loads(f"model Net {{ input features 512; {here} }}")


@pytest.mark.parametrize(
    ("line", "input"),
    {
        "roll 3": "8x7x5",
        "conv 8, 3, dilation=2, pad=causal": "3x20",
        "avgpool kernel=4, stride=1, pad=causal": "3x20",
        "conv 9 / 2, 1": "3x20",
        "crop 28x30": "3x32x40",
        "resize 0.5": "3x8x8",
        "resize (1.5, 2)": "3x8x8",
        "layernorm -1": "3x8x8",
        'conv 8, 3, "rely"': "3x8x8",
        "reshape (64, in.height * in.width)": "64xHxW",
    }.items(),
)
def test_what_stands_in_the_help_can_be_written_instead(line: str, input: str) -> None:
    text = f"model Net {{ input image {input}; {line} }}"
    with pytest.raises(SpecError) as refused:
        loads(text)
    here = re.findall(r"`(.*?)`", refused.value.diagnostics[0].help)[0]
    wrong = next(part for part in ("pad=causal", "9 / 2", "(64, in.height * in.width)", line) if part in line)
    loads(text.replace(wrong, here))


@pytest.mark.parametrize(
    "text",
    ["Conv2d 3, 64", "nn.Flatten(2)", "nn.Flatten(start_dim=2)", "nn.Unknown(3)", "Conv2d(3, 64", "Conv2d(3, (64)", ""],
)
def test_what_is_no_known_call_has_no_translation(text: str) -> None:
    assert written_here(text, 0) is None


@pytest.mark.parametrize(
    ("wrong", "here"),
    {
        "for w in [2 ** i for i in 0..3] { conv w, 1 }": "for w in [2 ** i for i in range(3)] { conv w, 1 }",
        "for (w, s) in [[8, 1], [16, 2]] { conv w, s }": "for w, s in [[8, 1], [16, 2]] { conv w, s }",
        "for i, (w, s) in enumerate([[8, 1]]) { conv w + i, s }": "for i, w, s in [[8, 1]] { conv w + i, s }",
        "let ws = [8, 16]; let ss = [1, 2]; for w, s in zip(ws, ss) { conv w, s }": (
            "let ws = [8, 16]; let ss = [1, 2]; for i, w in ws { conv w, ss[i] }"
        ),
        "for xs in zip([8, 1], [16, 2]) { conv xs[0], xs[1] }": "for a, b in [[16, 1], [32, 2]] { conv a, b }",
        "for w in reversed([8, 16]) { conv w, 1 }": (
            "let xs = [8, 16]; for i in range(len(xs)) { conv xs[-1 - i], 1 }"
        ),
        "conv int(8.5), 1": "conv floor(8.5), 1",
        "conv pow(8, 2), 1": "conv 8 ** 2, 1",
    }.items(),
)
def test_loops_and_functions_of_other_languages_are_written_as_their_help_says(wrong: str, here: str) -> None:
    with pytest.raises(SpecError) as refused:
        loads(f"model Net {{ input image 3x9x9; {wrong} }}")
    said = str(refused.value.diagnostics[0].help)
    loads(f"model Net {{ input image 3x9x9; {here} }}")
    told = re.findall(r"`(.*?)`", said)
    assert any(part.replace("x ** 2", "8 ** 2").replace("(x)", "(8.5)") in here for part in told) or "ys[i]" in told
