"""Lines with bodies, and lines that look back: merges, branches, loops, conditions, blocks."""

from __future__ import annotations

from tests.property.draft import ACTIVATIONS, AXES, Draft

MERGES = ("add", "sub", "mul", "max", "min", "mean")


def label(draft: Draft) -> None:
    name = f"v{len(draft.labels)}"
    draft.add(f"{name}: {draft.random.choice(ACTIVATIONS).replace('(', ' ').replace(')', '')}")
    draft.labels[name] = draft.value


def merge(draft: Draft) -> None:
    alike = [name for name, value in draft.labels.items() if value.alike(draft.value)]
    if alike:
        name = draft.random.choice(alike)
        more = f", {name}" if draft.chance(0.3) else ""
        word = draft.random.choice(MERGES if not more else ("add", "mul", "max", "min", "mean"))
        draft.add(f"{word} {name}{more}" if not more else f"{word} {name}, {name}")


def number(draft: Draft) -> None:
    """A number, or one for each channel, in the place of a value."""
    values = [str(draft.random.randint(1, 12) / 4) for _ in range(draft.channels)]
    text = draft.random.choice((values[0], f"-{values[0]}", f"[{', '.join(values)}]"))
    word = draft.random.choice(("add", "sub", "mul", "div", "max", "min"))
    draft.add(draft.random.choice((f"{word} {text}", f"sub {text}, in", "tanh; pow 2", "sigmoid; pow 0.5")))


def concat(draft: Draft) -> None:
    fitting = [(name, value) for name, value in draft.labels.items() if value.alike(draft.value, channels=False)]
    if fitting:
        name, value = draft.random.choice(fitting)
        draft.add(f"concat {name}", (draft.channels + value.channels, *draft.spatial))


def back(draft: Draft) -> None:
    """Go on from a value further above."""
    if draft.labels:
        name = draft.random.choice(list(draft.labels))
        draft.add(f"relu from={name}")
        draft.value = draft.labels[name]


def quotient(draft: Draft) -> None:
    draft.add("div { branch { } branch { sigmoid; clip 0.1, 1 } }")


def residual(draft: Draft) -> None:
    act, c = draft.random.choice(("", " relu", " tanh")), draft.channels
    taps = 3**draft.axes
    if draft.chance(0.5):
        line = f"residual{act} {{ conv {c}, 3, pad=1, bias=false; bn }}"
        draft.add(line, None, c * c * taps + 2 * c, 2 * c)
        return
    wide = draft.random.randint(1, 6)
    sizes = [(size + 1) // 2 for size in draft.spatial]
    line = (
        f"residual{act} {{ conv {wide}, 3, stride=2, pad=1, bias=false; bn }} "
        f"shortcut {{ if in.channels != {wide} {{ conv {wide}, 1, stride=2 }} else {{ conv {wide}, 1, stride=2 }} }}"
    )
    draft.add(line, (wide, *sizes), c * wide * taps + 2 * wide + c * wide + wide, 2 * wide)


def excitation(draft: Draft) -> None:
    """Squeeze and excitation: a value of one position stretches over the image."""
    c = draft.channels
    gate = draft.random.choice(("sigmoid", "hardsigmoid"))
    body = f"branch {{ }} branch {{ global_avgpool; conv 2, 1, relu; conv {c}, 1, {gate} }}"
    draft.add(f"mul {{ {body} }}", None, 2 * c + 2 + 2 * c + c)


def factors_of_rows(draft: Draft) -> None:
    """A value of one position along one axis stretches along it (coordinate attention)."""
    axis = draft.random.choice(AXES[draft.axes])
    word = draft.random.choice(("mul", "max", "min", "add", "mean"))
    draft.add(f"{word} {{ branch {{ }} branch {{ reduce_max {axis}; sigmoid }} }}")


def branches(draft: Draft) -> None:
    a, b, c = draft.random.randint(1, 3), draft.random.randint(1, 3), draft.channels
    body = (
        f"branch {{ conv {a}, 1 }} branch {{ relu; conv {b}, 3, pad=same }} branch {{ }} "
        "branch { maxpool 3, stride=1, pad=same }"
    )
    params = a * c + a + b * c * 3**draft.axes + b
    draft.add(f"concat {{ {body} }}", (a + b + 2 * c, *draft.spatial), params)


def joined(draft: Draft) -> None:
    """Joined along an axis that is not the channels."""
    axis = draft.random.randrange(draft.axes)
    if draft.value.open[axis]:
        return
    sizes = [2 * size if i == axis else size for i, size in enumerate(draft.spatial)]
    draft.add(f"concat axis={AXES[draft.axes][axis]} {{ branch {{ }} branch {{ tanh }} }}", (draft.channels, *sizes))


def split(draft: Draft) -> None:
    n = len(draft.lines)
    if draft.channels % 2 == 0 and draft.chance(0.5):
        draft.add(f"a{n}, b{n}: split 2")
        draft.add(f"concat b{n}, a{n}")
    elif draft.channels > 2:
        draft.add(f"_a{n}, b{n}: split [1, {draft.channels - 1}]")
        draft.add(f"relu from=b{n}", (draft.channels - 1, *draft.spatial))


def hourglass(draft: Draft) -> None:
    """Down and up again, beside the value as it was."""
    if any(size % 2 for size in draft.spatial) or draft.value.kin:
        return
    c = draft.channels
    up = draft.random.choice((f"deconv {c}, 2, stride=2", "upsample 2"))
    weights = c * c * 2**draft.axes + c if up.startswith("deconv") else 0
    draft.add(f"concat {{ branch {{ }} branch {{ maxpool 2; {up} }} }}", (2 * c, *draft.spatial), weights)


def repeat(draft: Draft) -> None:
    count, c = draft.random.randint(0, 3), draft.channels
    draft.add(f"repeat {count} {{ conv {c}, 3, pad=1; sigmoid }}", None, count * (c * c * 3**draft.axes + c))


def loop(draft: Draft) -> None:
    widths = [draft.random.randint(1, 5) for _ in range(draft.random.randint(1, 3))]
    params, before = 0, draft.channels
    for index, width in enumerate(widths):
        out = width + index
        params += out * before + out
        before = out
    line = f"for i, width in [{', '.join(map(str, widths))}] {{ conv width + i, 1, relu }}"
    draft.add(line, (before, *draft.spatial), params)


def condition(draft: Draft) -> None:
    c = draft.channels
    line = f"if in.channels % 2 == 0 and {str(draft.chance(0.5)).lower()} or in.rank > 9 {{ tanh }} else {{ bn }}"
    taken = c % 2 == 0 and "and true" in line
    draft.add(line, None, 0 if taken else 2 * c, 0 if taken else 2 * c)


def call(draft: Draft) -> None:
    """A block with parameters, written once."""
    draft.define(
        "unit(channels, kernel = 3, stride = 1, act = relu)",
        "    conv channels, kernel, stride=stride, pad=same, bias=false\n    bn\n    act\n",
    )
    out, kernel, stride = draft.random.randint(1, 6), draft.random.choice((1, 3)), draft.random.choice((1, 1, 2))
    act = draft.random.choice(("", "tanh", "sigmoid"))
    sizes = [-(-size // stride) for size in draft.spatial]
    params = out * draft.channels * kernel**draft.axes + 2 * out
    name = f"u{len(draft.lines)}: " if draft.chance(0.3) else ""
    line = f"{name}unit {out}, kernel={kernel}, stride={stride}" + (f", act={act}" if act else "")
    draft.add(line, (out, *sizes), params, 2 * out)


def constant(draft: Draft) -> None:
    name, width = f"n{len(draft.lines)}", draft.random.randint(1, 5)
    draft.add(f"let {name} = {width} * 2 - {width}")
    draft.add(f"conv {name}, 1", (width, *draft.spatial), width * draft.channels + width)


def dense_residual(draft: Draft) -> None:
    units = draft.channels
    draft.add(f"residual {{ relu; dense {units} }}", None, units * units + units)
