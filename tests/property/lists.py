"""Lines about several values: labels of loops, blocks with several outputs, parts of lists."""

from __future__ import annotations

from tests.property.draft import Draft

JOINS = ("add", "mul", "max", "min", "mean", "concat")


def collected(draft: Draft) -> None:
    """Merge what the iterations of a loop have made, or a part of them."""
    random, n, c = draft.random, len(draft.lines), draft.channels
    count = random.randint(1, 4)
    start, stop = random.randint(-count, count - 1), random.choice(("", random.randint(1, count), -1))
    part = range(count)[start : stop if stop != "" else None]
    draft.add(f"repeat {count} {{ l{n}: conv {c}, 1, tanh }}", None, count * (c * c + c))
    if len(part) < 2:
        draft.add(f"mean l{n}[0], l{n}[-1]")
        return
    whole = len(part) == count and random.random() < 0.5
    text = f"l{n}" if whole else f"l{n}[{start}:{stop}]"
    word = random.choice(JOINS)
    draft.add(f"{word} {text}", (c * len(part), *draft.spatial) if word == "concat" else None)


def pyramid(draft: Draft) -> None:
    """Down, and up again with what each step down has seen."""
    random, n, c = draft.random, len(draft.lines), draft.channels
    count = random.randint(1, 3)
    if min(draft.spatial) < 2**count:
        return
    act = random.choice(("relu", "tanh", "hardswish"))
    draft.add(f"repeat {count} {{ s{n}: conv {c}, 3, pad=1, {act}; maxpool 2 }}", None, count * _square(draft))
    join, share = random.choice(("add", "concat", "mul")), random.random() < 0.3
    fewer = f"; conv {c}, 1{f', weights=k{n}' if share else ''}" if join == "concat" else ""
    params = (2 * c * c + c) * (1 if share else count) if fewer else 0
    draft.add(f"for i in range({count}) {{ resize like=s{n}[-1 - i]; {join} s{n}[-1 - i]{fewer} }}", None, params)


def _square(draft: Draft) -> int:
    return draft.channels**2 * 3**draft.axes + draft.channels


def exchange(draft: Draft) -> None:
    """Two values carried through a loop by a block that works on both."""
    n, c, count = len(draft.lines), draft.channels, draft.random.randint(0, 2)
    draft.define(
        "exchange()",
        "    let both = in\n    mul both[0], both[1]; sigmoid\n    output mixed\n"
        "    sub both[0], both[1]\n    conv in.channels, 1\n    output rest\n",
    )
    draft.add(f"a{n}: tanh; b{n}: conv {c}, 1, from=a{n}; exchange from=[a{n}, b{n}]", None, c * c + c)
    draft.add(f"repeat {count} {{ exchange }}", None, (count + 1) * (c * c + c))
    if draft.chance(0.5):
        draft.add("add in[0], in[1]")
    else:
        draft.add(f"p{n}, q{n}: exchange", None, c * c + c)
        draft.add(f"concat q{n}, p{n}", (2 * c, *draft.spatial))


def halves(draft: Draft) -> None:
    """A block that returns two of the values in it; the call's list is used by position."""
    draft.define(
        "halves(widths)",
        "    for width in widths[:-1] { conv width, 1 }\n    first: tanh\n"
        "    conv widths[-1], 1\n    output second\n    output again, from=first\n",
    )
    n, c = len(draft.lines), draft.channels
    widths = [draft.random.randint(1, 4) for _ in range(draft.random.randint(1, 3))]
    params, before = 0, c
    for width in widths:
        params += width * before + width
        before = width
    draft.add(f"h{n}: halves [{', '.join(map(str, widths))}]", None, params)
    second, first = widths[-1], widths[-2] if len(widths) > 1 else c
    draft.add(f"concat h{n}[1], h{n}[0], h{n}[1]", (2 * first + second, *draft.spatial))


def parts(draft: Draft) -> None:
    """Convolutions of the widths in a part of a list."""
    random, c = draft.random, draft.channels
    widths = [random.randint(1, 5) for _ in range(random.randint(2, 4))]
    start, stop = random.randint(0, 1), random.choice((None, -1))
    params, before = 0, c
    for width in widths[start:stop]:
        params += width * before + width
        before = width
    text = f"[{', '.join(map(str, widths))}][{start}:{'' if stop is None else stop}]"
    draft.add(f"for width in {text} {{ conv width, 1, relu }}", (before, *draft.spatial), params)


def carried(draft: Draft) -> None:
    """Numbers beside several values."""
    labels = [name for name, value in draft.labels.items() if value.alike(draft.value)]
    quarter = draft.random.randint(1, 8) / 4
    choices = ["tanh; sub 1, in", "sigmoid; add 0.5; div 2, in", f"add {quarter}; min 6; max 0; div 6", "relu; pow 1.5"]
    if labels:
        name = draft.random.choice(labels)
        choices += [f"mul in, {name}, {quarter}", f"add {quarter}, in, {name}", f"max {name}, in, -{quarter}"] * 2
    draft.add(draft.random.choice(choices))
