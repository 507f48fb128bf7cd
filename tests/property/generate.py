"""Random specs that are valid by construction.

`specs()` writes models line by line, keeping count of the shape by a few rules of its own, so that it proposes only
lines that fit: a false refusal by the checker shows as well as a false acceptance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import gcd

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

ACTIVATIONS = (
    "relu", "relu6", "leaky_relu(0.1)", "elu", "selu", "celu(0.7)", "gelu", "silu", "mish", "softplus", "softsign",
    "hardswish", "hardsigmoid", "sigmoid", "tanh", "prelu",
)  # fmt: skip
MOST_VALUES = 4096


@dataclass
class Draft:
    """A model being written: its lines, the shape so far, and labels of values with their shapes."""

    lines: list[str]
    shape: tuple[int, ...]
    labels: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def channels(self) -> int:
        return self.shape[0]

    @property
    def spatial(self) -> tuple[int, ...]:
        return self.shape[1:]

    def add(self, line: str, shape: tuple[int, ...]) -> None:
        self.lines.append(line)
        self.shape = shape


Step = Callable[[DrawFn, Draft], None]


def _window(draw: DrawFn, draft: Draft) -> tuple[str, tuple[int, ...]]:
    """Kernel, stride, dilation, padding and rounding that fit, and the spatial sizes that come of them."""
    kernel = tuple(draw(st.integers(1, 3)) for _ in draft.spatial)
    stride = draw(st.integers(1, 3))
    dilation = draw(st.integers(1, 2))
    spans = [dilation * (k - 1) + 1 for k in kernel]
    text = f"({', '.join(map(str, kernel))}), stride={stride}, dilation={dilation}"
    choice = draw(st.sampled_from(["valid", "same", "same_lower", "number"]))
    if any(size < span for size, span in zip(draft.spatial, spans, strict=True)):
        return "1", draft.spatial  # with padding some windows would read nothing else
    if choice in ("same", "same_lower"):
        return f"{text}, pad={choice}", tuple(-(-size // stride) for size in draft.spatial)
    pad = draw(st.integers(0, min(spans) // 2)) if choice == "number" else 0
    sizes = tuple((s + 2 * pad - span) // stride + 1 for s, span in zip(draft.spatial, spans, strict=True))
    return f"{text}, pad={pad}", sizes


def _conv(draw: DrawFn, draft: Draft) -> None:
    window, sizes = _window(draw, draft)
    groups = gcd(draft.channels, draw(st.integers(1, 4)))
    channels = groups * draw(st.integers(1, 3))
    bias = draw(st.sampled_from(["true", "false"]))
    act = draw(st.sampled_from(["", *(f", {a}" for a in ACTIVATIONS)]))
    draft.add(f"conv {channels}, {window}, groups={groups}, bias={bias}{act}", (channels, *sizes))


def _depthwise(draw: DrawFn, draft: Draft) -> None:
    window, sizes = _window(draw, draft)
    draft.add(f"depthwise {window}", (draft.channels, *sizes))


def _separable(draw: DrawFn, draft: Draft) -> None:
    channels = draw(st.integers(1, 6))
    draft.add(f"separable {channels}, 3, pad=1", (channels, *draft.spatial))


def _deconv(draw: DrawFn, draft: Draft) -> None:
    channels, stride, kernel = draw(st.integers(1, 4)), draw(st.integers(1, 2)), draw(st.integers(2, 3))
    sizes = tuple((size - 1) * stride + kernel for size in draft.spatial)
    draft.add(f"deconv {channels}, {kernel}, stride={stride}", (channels, *sizes))


def _pool(draw: DrawFn, draft: Draft) -> None:
    window, sizes = _window(draw, draft)
    word = draw(st.sampled_from(["maxpool", "avgpool"]))
    draft.add(f"{word} {window}", (draft.channels, *sizes))


def _same_shape(draw: DrawFn, draft: Draft) -> None:
    word = draw(st.sampled_from([*ACTIVATIONS, "bn", "instancenorm", "lrn", "scale", "dropout 0.5", "layernorm"]))
    draft.add(word.replace("(", " ").replace(")", ""), draft.shape)


def _groupnorm(draw: DrawFn, draft: Draft) -> None:
    draft.add(f"groupnorm {gcd(draft.channels, draw(st.integers(1, 4)))}", draft.shape)


def _global(draw: DrawFn, draft: Draft) -> None:
    word = draw(st.sampled_from(["global_avgpool", "global_maxpool"]))
    draft.add(word, (draft.channels, *(1 for _ in draft.spatial)))


def _upsample(draw: DrawFn, draft: Draft) -> None:
    mode = draw(st.sampled_from(["nearest", "bilinear"]))
    draft.add(f"upsample 2, mode={mode}", (draft.channels, *(2 * size for size in draft.spatial)))


def _pad(draw: DrawFn, draft: Draft) -> None:
    mode = draw(st.sampled_from(["zeros", "edge"]))
    draft.add(f"pad 1, mode={mode}", (draft.channels, *(size + 2 for size in draft.spatial)))


def _crop(draw: DrawFn, draft: Draft) -> None:
    if min(draft.spatial) > 2:
        draft.add("crop 1", (draft.channels, *(size - 2 for size in draft.spatial)))


def _shuffle(draw: DrawFn, draft: Draft) -> None:
    if draft.channels % 4 == 0 and len(draft.spatial) == 2:
        draft.add("pixel_shuffle 2", (draft.channels // 4, *(2 * size for size in draft.spatial)))
    else:
        draft.add(f"channel_shuffle {gcd(draft.channels, 2)}", draft.shape)


def _label(draw: DrawFn, draft: Draft) -> None:
    name = f"v{len(draft.labels)}"
    draft.add(f"{name}: conv {draft.channels}, 1", draft.shape)
    draft.labels[name] = draft.shape


def _merge(draw: DrawFn, draft: Draft) -> None:
    same = [name for name, shape in draft.labels.items() if shape == draft.shape]
    if same:
        word = draw(st.sampled_from(["add", "sub", "mul", "max", "min", "mean"]))
        draft.add(f"{word} {draw(st.sampled_from(same))}", draft.shape)


def _concat(draw: DrawFn, draft: Draft) -> None:
    fitting = [(name, shape) for name, shape in draft.labels.items() if shape[1:] == draft.spatial]
    if fitting:
        name, shape = draw(st.sampled_from(fitting))
        draft.add(f"concat {name}", (draft.channels + shape[0], *draft.spatial))


def _residual(draw: DrawFn, draft: Draft) -> None:
    act = draw(st.sampled_from(["", " relu", " tanh"]))
    draft.add(f"residual{act} {{ conv {draft.channels}, 3, pad=1, bias=false; bn }}", draft.shape)


def _branches(draw: DrawFn, draft: Draft) -> None:
    a, b = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    body = f"branch {{ conv {a}, 1 }} branch {{ relu; conv {b}, 3, pad=same }} branch {{ }}"
    draft.add(f"concat {{ {body} }}", (a + b + draft.channels, *draft.spatial))


def _repeat(draw: DrawFn, draft: Draft) -> None:
    count = draw(st.integers(1, 3))
    draft.add(f"repeat {count} {{ conv {draft.channels}, 3, pad=1; sigmoid }}", draft.shape)


STEPS: tuple[Step, ...] = (
    _conv, _depthwise, _separable, _deconv, _pool, _same_shape, _groupnorm, _global, _upsample, _pad, _crop, _shuffle,
    _label, _merge, _concat, _residual, _branches, _repeat,
)  # fmt: skip


def _head(draw: DrawFn, draft: Draft) -> None:
    """Sometimes a classifier behind it all."""
    if not draw(st.booleans()):
        return
    features = 1
    for size in draft.shape:
        features *= size
    draft.add("flatten", (features,))
    units = draw(st.integers(1, 5))
    draft.add(f"dense {units}{draw(st.sampled_from(['', ', relu', ', softmax']))}", (units,))


@st.composite
def drafts(draw: DrawFn, most: int = 8) -> tuple[str, tuple[int, ...]]:
    """The text of a model and the shape of its output, channels first, without the batch."""
    axes = draw(st.sampled_from([1, 2, 2, 2, 3]))
    shape = (draw(st.integers(1, 4)), *(draw(st.integers(4, 9 if axes < 3 else 5)) for _ in range(axes)))
    draft = Draft([f"input x {'x'.join(map(str, shape))}"], shape)
    for step in draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=most)):
        before = Draft(list(draft.lines), draft.shape, dict(draft.labels))
        step(draw, draft)
        size = 1
        for length in draft.shape:
            size *= length
        if size > MOST_VALUES:
            draft = before
    if len(draft.lines) == 1:
        draft.add("relu", draft.shape)
    _head(draw, draft)
    draft.lines.append(f"expect output == [{', '.join(map(str, draft.shape))}]")
    body = "\n    ".join(draft.lines)
    return f"model Net {{\n    {body}\n}}\n", draft.shape


def specs(most: int = 8) -> SearchStrategy[str]:
    """Texts of valid models with at most `most` lines between input and head."""
    return drafts(most).map(lambda pair: pair[0])
