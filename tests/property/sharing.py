"""Layers and calls that have their weights in common: by `weights=`, in loops, between branches, across a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.property.draft import Draft


@dataclass(frozen=True)
class Shared:
    """A layer that leaves the shape as it is, for values of these channels and axes, and whose weights are called."""

    line: str
    channels: int
    axes: int

    def fits(self, draft: Draft) -> bool:
        return (self.channels, self.axes) == (draft.channels, draft.axes)


def _same_shape(draft: Draft) -> tuple[str, int, int]:
    """A layer with weights that leaves the shape as it is; its parameters and buffers."""
    c, axes = draft.channels, draft.axes
    choices: list[Callable[[], tuple[str, int, int]]] = [
        lambda: ("bn eps=1e-3", 2 * c, 2 * c),
        lambda: ("bn eps=1e-3, affine=false", 0, 2 * c),
        lambda: ("prelu", c, 0),
        lambda: ("scale bias=true, init=0.5", 2 * c, 0),
        lambda: ("bias init=normal", c, 0),
        lambda: (f"groupnorm {c}, eps=1e-2", 2 * c, 0),
    ]
    if axes:
        taps = 3**axes
        choices += [
            lambda: (f"conv {c}, 3, pad=1", c * c * taps + c, 0),
            lambda: (f"conv {c}, 3, pad=same, groups={c}, bias=false", c * taps, 0),
            lambda: (f"depthwise 3, pad=1, border={draft.random.choice(('zeros', 'edge'))}", c * taps + c, 0),
            lambda: (f"separable {c}, 3, pad=1", c * taps + c * c + c, 0),
            lambda: (f"deconv {c}, 3, pad=1", c * c * taps + c, 0),
            lambda: (f"deconv {c}, 1, init=glorot_uniform, bias=false", c * c, 0),
        ]
    else:
        choices += [lambda: (f"dense {c}", c * c + c, 0), lambda: (f"dense {c}, bias=false", c * c, 0)]
    return draft.random.choice(choices)()


def by_label(draft: Draft) -> None:
    """A layer with a label, which others may take as the name of their weights."""
    name = f"w{len(draft.lines)}"
    line, params, buffers = _same_shape(draft)
    draft.add(f"{name}: {line}", None, params, buffers)
    draft.shared[name] = Shared(line, draft.channels, draft.axes)


def by_name(draft: Draft) -> None:
    """A layer that gives its weights a name: no word, in some, and with dots."""
    n = len(draft.lines)
    name = draft.random.choice((f"w{n}", f"w{n}.inner", f'"w{n}.0.inner"'))
    line, params, buffers = _same_shape(draft)
    draft.add(_with(line, name), None, params, buffers)
    draft.shared[name] = Shared(line, draft.channels, draft.axes)


def _with(line: str, name: str) -> str:
    return f"{line}{',' if ' ' in line else ''} weights={name}"


def again(draft: Draft) -> None:
    """A layer with the weights of one further above: no parameters more."""
    fitting = [name for name, shared in draft.shared.items() if shared.fits(draft)]
    if fitting:
        name = draft.random.choice(fitting)
        draft.add(_with(draft.shared[name].line, name) + draft.random.choice(("", "; tanh")))
    else:
        by_label(draft)


def recurrent(draft: Draft) -> None:
    """One layer several times, its normalisation with it, with an end as in a residual network."""
    n, count = len(draft.lines), draft.random.randint(1, 3)
    line, params, buffers = _same_shape(draft)
    norm, c = draft.chance(0.5), draft.channels
    body = _with(line, f"r{n}") + (f"; bn weights=n{n}" if norm else "") + "; softsign"
    body = f"residual tanh {{ {body} }}" if draft.chance(0.4) else body
    head = draft.random.choice((f"repeat {count}", f"l{n}: repeat {count}", f"for i in range({count})"))
    draft.add(f"{head} {{ {body} }}", None, params + 2 * c * norm, buffers + 2 * c * norm)


def twins(draft: Draft) -> None:
    """Two branches of one kernel, which one of them stretches (TridentNet, Li et al., 2019)."""
    n, c, width = len(draft.lines), draft.channels, draft.random.randint(1, 5)
    word = draft.random.choice(("add", "concat", "max"))
    far = draft.random.choice((1, 2, 3))
    body = " ".join(
        f"branch {{ conv {width}, 3, pad={rate}, dilation={rate}, weights=t{n}{then} }}"
        for rate, then in ((1, ""), (far, ""), (far, ", tanh"))
    )
    channels = 3 * width if word == "concat" else width
    draft.add(f"{word} {{ {body} }}", (channels, *draft.spatial), width * c * 3**draft.axes + width)


def calls(draft: Draft) -> None:
    """Two calls of a block under one name."""
    word = f"shared{draft.axes}"
    layer, taps = ("dense channels", 1) if not draft.axes else ("conv channels, 3, pad=1", 3**draft.axes)
    draft.define(f"{word}(channels)", f"    {layer}\n    inner: bn\n    tanh\n    prelu\n")
    n, c = len(draft.lines), draft.channels
    first = draft.random.choice((f"{word} {c}, weights=c{n}", f"c{n}: {word} {c}"))
    second = draft.random.choice((f"{word} {c}, weights=c{n}", f"d{n}: {word} {c}, weights=c{n}"))
    draft.add(f"{first}; {second}", None, c * c * taps + c + 2 * c + c, 2 * c)
