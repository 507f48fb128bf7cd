"""Single layers: each function adds one line that fits, with its shape and parameters as the author reckons them."""

from __future__ import annotations

from math import gcd, prod

from tests.property.draft import ACTIVATIONS, AXES, Draft, Value
from tests.property.windows import numbers, window

NAMED = ("elu(alpha=0.5)", "act=leaky_relu(alpha=0.2)", "act=hardsigmoid(0.2, beta=0.4)")
"""Activations with settings by name, which stand behind a comma only."""

INITS = (
    "he_uniform", "glorot_normal", "glorot_uniform", "lecun_normal", "normal", "uniform", "orthogonal", "ones", "0.25",
)  # fmt: skip
UNITS = 24


def closing(draft: Draft) -> str:
    """Sometimes an activation at the end of a line."""
    return f", {draft.random.choice((*ACTIVATIONS, *NAMED))}" if draft.chance(0.3) else ""


def _bias(draft: Draft, outputs: int) -> tuple[str, int]:
    choice = draft.random.choice(("", "", "false", "list"))
    if choice == "list" and outputs <= 4:
        values = [str(draft.random.randint(-9, 9) / 8) for _ in range(outputs)]
        return f", bias=[{', '.join(values)}]", outputs
    return (", bias=false", 0) if choice == "false" else ("", outputs)


def _init(draft: Draft) -> str:
    return f", init={draft.random.choice(INITS)}" if draft.chance(0.2) else ""


def conv(draft: Draft) -> None:
    how = window(draft, bordered=True)
    groups = gcd(draft.channels, draft.random.randint(1, 4))
    channels = groups * draft.random.randint(1, 4)
    bias, biases = _bias(draft, channels)
    weights = channels * (draft.channels // groups) * how.taps
    grouped = f", groups={groups}" if groups > 1 else ""
    line = f"conv {channels}, {how.text}{grouped}{bias}{_init(draft)}{closing(draft)}"
    draft.add(line, (channels, *how.sizes), weights + biases)


def depthwise(draft: Draft) -> None:
    how = window(draft, bordered=True)
    multiplier = draft.random.choice((1, 1, 2))
    channels = draft.channels * multiplier
    bias, biases = _bias(draft, channels)
    more = f", multiplier={multiplier}" if multiplier > 1 else ""
    draft.add(f"depthwise {how.text}{more}{bias}{closing(draft)}", (channels, *how.sizes), channels * how.taps + biases)


def fixed(draft: Draft) -> None:
    """A depthwise filter whose kernel stands in the text."""
    if draft.axes != 2:
        return
    draft.add(
        "depthwise 3x3, weight=[[1, 2, 1], [2, 4, 2], [1, 2, 1]] / 16, pad=1, bias=false", None, 9 * draft.channels
    )


def separable(draft: Draft) -> None:
    how = window(draft, bordered=True)
    channels, multiplier = draft.random.randint(1, 6), draft.random.choice((1, 1, 2))
    bias, biases = _bias(draft, channels)
    more = f", multiplier={multiplier}" if multiplier > 1 else ""
    between = draft.channels * multiplier
    draft.add(
        f"separable {channels}, {how.text}{more}{bias}{closing(draft)}",
        (channels, *how.sizes),
        between * how.taps + between * channels + biases,
    )


def deconv(draft: Draft) -> None:
    random, axes = draft.random, draft.axes
    kernel = tuple(random.choice((1, 2, 2, 3, 4)) for _ in range(axes))
    stride, dilation = random.choice((1, 2, 2, 3)), random.choice((1, 1, 2))
    extra = random.randrange(stride) if random.random() < 0.3 else 0
    spans = [dilation * (k - 1) + 1 for k in kernel]
    pad = random.choice(("valid", "same", "same_lower", "one", "sides"))
    if pad.startswith("same"):
        sizes, text, extra = [size * stride for size in draft.spatial], pad, 0
    else:
        begins, ends, text = _cut(draft, pad)
        full = [(size - 1) * stride + span + extra for size, span in zip(draft.spatial, spans, strict=True)]
        sizes = [size - b - e for size, b, e in zip(full, begins, ends, strict=True)]
    if min(sizes) < 1:
        return
    groups = gcd(draft.channels, random.randint(1, 3))
    channels = groups * random.randint(1, 3)
    bias, biases = _bias(draft, channels)
    line = f"deconv {channels}, {numbers(random, kernel)}, stride={stride}"
    line += f", dilation={dilation}" if dilation > 1 else ""
    line += f", output_pad={extra}" if extra else ""
    line += f", pad={text}" if text != "valid" else ""
    line += f", groups={groups}" if groups > 1 else ""
    weights = draft.channels * (channels // groups) * prod(kernel)
    draft.add(line + bias + closing(draft), (channels, *sizes), weights + biases)


def _cut(draft: Draft, pad: str) -> tuple[list[int], list[int], str]:
    random, axes = draft.random, draft.axes
    if pad == "valid":
        return [0] * axes, [0] * axes, "valid"
    if pad == "one":
        side = random.randint(0, 2)
        return [side] * axes, [side] * axes, str(side)
    begins, ends = ([random.randint(0, 2) for _ in range(axes)] for _ in range(2))
    return begins, ends, f"({', '.join(map(str, begins + ends))})"


def pool(draft: Draft) -> None:
    how = window(draft, pool=True)
    word = draft.random.choice(("maxpool", "maxpool", "minpool", "avgpool", "avgpool", "lppool"))
    more = ""
    if word == "avgpool" and draft.chance(0.3):
        more = ", count_include_pad=true"
    if word == "lppool":
        more = draft.random.choice(("", ", p=1", ", p=3"))
    draft.add(f"{word} {how.text}{more}", (draft.channels, *how.sizes))


def weighted_pool(draft: Draft) -> None:
    how = window(draft, pool=True, bordered=True, weighted=True)
    falloff = draft.random.choice(("inverse", "gaussian", "linear"))
    draft.add(f"weightedpool {how.text}, falloff={falloff}", (draft.channels, *how.sizes))


def global_pool(draft: Draft) -> None:
    word = draft.random.choice(("global_avgpool", "global_maxpool", "global_lppool", "global_lppool p=3"))
    _close(draft, word, (1,) * draft.axes)


def adaptive_pool(draft: Draft) -> None:
    word = draft.random.choice(("adaptive_avgpool", "adaptive_maxpool"))
    if draft.value.is_open:
        _close(draft, f"{word} 1", (1,) * draft.axes)
        return
    sizes = tuple(draft.random.randint(1, size + 1) for size in draft.spatial)
    draft.add(f"{word} {numbers(draft.random, sizes)}", (draft.channels, *sizes))


def _close(draft: Draft, line: str, sizes: tuple[int, ...]) -> None:
    """A line behind which no size is open."""
    draft.add(line)
    draft.value = type(draft.value)((draft.channels, *sizes), (False,) * len(sizes))


def activation(draft: Draft) -> None:
    name = draft.random.choice(
        (
            *ACTIVATIONS,
            "prelu",
            "prelu shared=true",
            "clip(-1, 1.5)",
            "identity",
            "dropout 0.3",
            "tanh; exp",
            "neg",
            "sign",
            "sigmoid; log",
            "abs; sqrt",
            "gelu approximate=tanh",
        )
    )
    slopes = {"prelu": draft.channels, "prelu shared=true": 1}.get(name, 0)
    draft.add(name.replace("(", " ").replace(")", ""), None, slopes)


def soft_maximum(draft: Draft) -> None:
    word = draft.random.choice(("softmax", "log_softmax"))
    names = ("", *(f" axis={axis}" for axis in ("channels", *AXES[draft.axes], *range(-1, 1 + draft.axes))))
    draft.add(f"{word}{draft.random.choice(names)}")


def norm(draft: Draft) -> None:
    channels = draft.channels
    affine = draft.chance(0.8)
    plain = "" if affine else ", affine=false"
    word = draft.random.choice(
        ("bn", "bn", "layernorm", "all", "groupnorm", "instancenorm", "lrn", "scale", "bias", "normalize")
    )
    if word == "lrn" and draft.axes:
        size = draft.random.randint(1, 6)
        draft.add(f"lrn {size}, alpha=0.01, k={draft.random.choice((1, 2))}")
    elif word == "normalize":
        draft.add("normalize eps=0.1")
    elif word == "bias":
        draft.add(f"bias init={draft.random.choice(('0.5', 'normal'))}", None, channels)
    elif word == "scale":
        bias = draft.chance(0.5)
        draft.add(f"scale bias={str(bias).lower()}, init=0.5", None, channels * (1 + bias))
    elif word == "all" and not draft.value.is_open:
        draft.add(f"layernorm over=all{plain}", None, 2 * prod(draft.shape) * affine)
    elif word == "groupnorm":
        groups = gcd(channels, draft.random.randint(1, 4))
        draft.add(f"groupnorm {groups}{plain}", None, 2 * channels * affine)
    elif word == "instancenorm" and draft.axes:
        draft.add(f"instancenorm eps=1e-3{plain}", None, 2 * channels * affine)
    elif word == "layernorm":
        draft.add(f"layernorm eps=1e-3{plain}", None, 2 * channels * affine)
    else:
        draft.add(f"bn eps=1e-3{plain}", None, 2 * channels * affine, 2 * channels)


def upsample(draft: Draft) -> None:
    scales = tuple(draft.random.choice((1, 2, 2, 3)) for _ in draft.spatial)
    sizes = [size * scale for size, scale in zip(draft.spatial, scales, strict=True)]
    if draft.chance(0.7):
        draft.add(f"upsample {numbers(draft.random, scales)}{_mode(draft)}", (draft.channels, *sizes))
    elif min(draft.spatial) > 1:
        over = draft.random.choice((2, 3))
        text = ", ".join(f"{scale + 1}/{over}" for scale in scales)
        sizes = [size * (scale + 1) // over for size, scale in zip(draft.spatial, scales, strict=True)]
        if all(new != old or scale + 1 == over for new, old, scale in zip(sizes, draft.spatial, scales, strict=True)):
            draft.add(f"upsample ({text}){_mode(draft, corners=False)}", (draft.channels, *sizes))


def resize(draft: Draft) -> None:
    sizes = tuple(draft.random.randint(1, size + 3) for size in draft.spatial)
    _close(draft, f"resize {numbers(draft.random, sizes)}{_mode(draft)}", sizes)


def resize_like(draft: Draft) -> None:
    """To the size of a value further above, open or not."""
    fitting = [(name, value) for name, value in draft.labels.items() if len(value.spatial) == draft.axes]
    if fitting:
        name, value = draft.random.choice(fitting)
        draft.add(f"resize like={name}{_mode(draft)}")
        draft.value = Value((draft.channels, *value.spatial), value.open, value.kin)


def crop_like(draft: Draft) -> None:
    """To the size of a pooled copy of the value itself: the centre, or from some position on."""
    n = len(draft.lines)
    if min(draft.spatial) < 2:
        return
    draft.add(f"c{n}: tanh")
    draft.add(f"s{n}: maxpool 2", (draft.channels, *(size // 2 for size in draft.spatial)))
    draft.add(f"crop like=s{n}{draft.random.choice(('', ', begin=0', ', begin=1'))}, from=c{n}")


def unpool(draft: Draft) -> None:
    """Down, and up again to where the largest values were."""
    n, kernel, c = len(draft.lines), draft.random.choice((2, 3)), draft.channels
    if min(draft.spatial) < kernel:
        return
    draft.add(f"u{n}: tanh")
    draft.add(f"p{n}, w{n}: maxpool {kernel}{draft.random.choice((', relu', ''))}")
    draft.add(f"conv {c}, 1", None, c * c + c)
    tiles = all(size % kernel == 0 for size in draft.spatial) and not draft.value.is_open
    draft.add(f"unpool w{n}, {kernel}" if tiles else f"unpool w{n}, {kernel}, like=u{n}")


def _mode(draft: Draft, corners: bool = True) -> str:
    """How an image is resized."""
    modes = ["", ", coordinates=half_pixel, rounding=half_up", ", mode=bilinear", ", bilinear, antialias=true"]
    if corners:
        modes += [", bilinear, align_corners=true", ", rounding=ceil, coordinates=align_corners"]
    if draft.axes == 2:
        modes += [", cubic", ", cubic, antialias=true, coefficient=-0.75", ", cubic, exclude_outside=true"]
    return draft.random.choice(modes)


def pad(draft: Draft) -> None:
    mode = draft.random.choice(("zeros", "edge", "reflect", "wrap"))
    most = min(2, min(draft.spatial) - 1)
    begins, ends = ([draft.random.randint(0, most) for _ in draft.spatial] for _ in range(2))
    value = ", value=-1.5" if mode == "zeros" and draft.chance(0.3) else ""
    sizes = [size + b + e for size, b, e in zip(draft.spatial, begins, ends, strict=True)]
    draft.add(f"pad ({', '.join(map(str, begins + ends))}), mode={mode}{value}", (draft.channels, *sizes))


def crop(draft: Draft) -> None:
    if min(draft.spatial) < 3:
        return
    if draft.chance(0.4) and not draft.value.is_open:
        sizes = tuple(draft.random.randint(1, size) for size in draft.spatial)
        draft.add(f"crop size={numbers(draft.random, sizes)}", (draft.channels, *sizes))
        return
    begins, ends = ([draft.random.randint(0, 1) for _ in draft.spatial] for _ in range(2))
    sizes = tuple(size - b - e for size, b, e in zip(draft.spatial, begins, ends, strict=True))
    draft.add(f"crop ({', '.join(map(str, begins + ends))})", (draft.channels, *sizes))


def shuffle(draft: Draft) -> None:
    factor = draft.random.choice((2, 2, 3))
    if draft.axes == 2 and draft.channels % factor**2 == 0:
        sizes = [factor * size for size in draft.spatial]
        draft.add(f"pixel_shuffle {factor}", (draft.channels // factor**2, *sizes))
    elif draft.axes == 2 and not any(size % factor for size in draft.spatial):
        sizes = [size // factor for size in draft.spatial]
        draft.add(f"pixel_unshuffle {factor}", (draft.channels * factor**2, *sizes))
    else:
        groups = draft.random.choice([g for g in range(1, 7) if draft.channels % g == 0])
        draft.add(f"channel_shuffle {groups}")


def reduce(draft: Draft) -> None:
    word = draft.random.choice(("reduce_mean", "reduce_sum", "reduce_max", "reduce_min", "argmax"))
    axis = draft.random.randrange(1 + draft.axes)
    if axis == 0:
        draft.add(word, (1, *draft.spatial))
    elif not draft.value.is_open:
        sizes = [1 if i == axis - 1 else size for i, size in enumerate(draft.spatial)]
        draft.add(f"{word} axis={AXES[draft.axes][axis - 1]}", (draft.channels, *sizes))


def transpose(draft: Draft) -> None:
    if draft.value.is_open:
        return
    order = list(range(1 + draft.axes))
    draft.random.shuffle(order)
    spoken = draft.spoken(draft.shape)
    shape = draft.canonical([spoken[axis] for axis in order])
    draft.add(f"transpose ({', '.join(map(str, order))})" if draft.axes else "transpose 0", shape)


def reshape(draft: Draft) -> None:
    """Other sizes for as many values, the last of them sometimes left open."""
    if draft.value.is_open:
        return
    left, sizes = prod(draft.shape), []
    for _ in range(draft.random.randint(0, 3)):
        factor = draft.random.choice([n for n in range(1, 13) if left % n == 0])
        sizes.append(factor)
        left //= factor
    sizes.insert(draft.random.randint(0, len(sizes)), left)
    texts = [str(size) for size in sizes]
    if draft.chance(0.3):
        texts[draft.random.randrange(len(texts))] = "-1"
    draft.add(f"reshape [{', '.join(texts)}]", draft.canonical(sizes) if len(sizes) > 1 else sizes)


def squeeze(draft: Draft) -> None:
    if draft.value.is_open:
        return
    kept = [size for size in draft.spatial if size != 1]
    draft.add("squeeze", (draft.channels, *kept))


def flatten(draft: Draft) -> None:
    if not draft.value.is_open:
        draft.add("flatten", (prod(draft.shape),))


def dense(draft: Draft) -> None:
    units = draft.random.randint(1, UNITS)
    bias, biases = _bias(draft, units)
    draft.add(f"dense {units}{bias}{_init(draft)}{closing(draft)}", (units,), units * draft.channels + biases)
