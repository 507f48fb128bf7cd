"""Constants of a file stay numbers, and are no parameters, where a spec can write them."""

import pytest
from exchange import compiled, imported, meaning, model_of, read_back, words

from specc.decompile import spec_of

COORDINATES = """model M {
    input image 1x4x6
    reshape (4, 6, 1); add [0, 1, 2, 3]; reshape (1, 4, 6)
    rows: conv 2, 1
    reshape (6, 4, 1), from=image; mul [0, 1, 2, 3, 4, 5]; reshape (1, 4, 6)
    add rows, in
}"""
KERNEL = "float[3,3,1,1] w"
LISTED = "c = Constant<value = float[3,1,1] {0.1, 0.2, -3}>()"
SPREAD = "c = Constant<value = float[2] {0.1, 0.2}>()"


def test_lists_between_reshapes_come_back_as_lists() -> None:
    graph = compiled(COORDINATES)
    back = read_back(graph).graph
    assert meaning(back) == meaning(graph)
    spec, _ = spec_of(back, "back.cnn")
    assert spec is not None
    assert "bias" not in spec.text


@pytest.mark.parametrize(
    ("nodes", "weights", "found", "promoted"),
    [
        (f"{LISTED} z = Conv(x, w) y = Add(z, c)", [KERNEL], ["conv", "add"], []),
        (f"{LISTED} z = Conv(x, w) y = Div(z, c)", [KERNEL], ["conv", "div"], []),
        (f"{LISTED} z = Conv(x, w) y = Max(z, c)", [KERNEL], ["conv", "max"], []),
        ("z = Conv(x, w) y = Mul(z, c)", [KERNEL, "float[3,1,1] c"], ["conv", "scale"], []),
        (f"{SPREAD} z = Conv(x, w) y = Add(z, c)", [KERNEL], ["conv", "learned", "add"], ["y/learned.weight"]),
        (f"w = Constant<value = {KERNEL[:-1]}{{{', '.join('1' * 9)}}}>() {LISTED} z = Conv(x, w) y = Mul(z, c)", [],
         ["conv", "scale"], []),
    ],
    ids=["sum", "quotient", "maximum", "an initialiser", "for each column", "a file whose weights are constants"],
)  # fmt: skip
def test_constants_are_numbers_and_initialisers_are_weights(nodes, weights, found, promoted) -> None:
    shapes = [(w.split()[1], tuple(map(int, w.split("[")[1].split("]")[0].split(",")))) for w in weights]
    data = model_of(f"g (float[N,3,2,2] x) => (float[N,3,2,2] y) {{ {nodes} }}", shapes)
    back = imported(data)
    assert words(back.graph) == found
    assert list(back.promoted) == promoted


def test_long_lists_go_on_in_the_next_line() -> None:
    numbers = ", ".join(str(i / 64) for i in range(64))
    names = ", ".join(f'"cat, \\"{i}\\""' for i in range(64))
    graph = compiled(
        f"model M {{ input image 64x4x4; mul [{numbers}]; global_avgpool; flatten; output y, labels=[{names}] }}"
    )
    spec, _ = spec_of(graph, "back.cnn")
    assert spec is not None
    assert 100 < max(map(len, spec.text.splitlines())) <= 120
    back = compiled(spec.text)
    assert meaning(back) == meaning(graph)
    assert back.outputs[0].labels == graph.outputs[0].labels
