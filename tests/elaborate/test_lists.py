"""Several values at once: the labels of loops behind them, blocks that return several, and what works on lists."""

from __future__ import annotations

import pytest

import specc

X = "model Net { input x 4x8x8; "


def read(text: str, **options: object) -> dict[str, tuple[str, ...]]:
    """What each layer works on."""
    model = specc.loads(text, **options)
    return {node.name: node.inputs for node in model.graph.nodes}


@pytest.mark.parametrize(
    ("body", "last"),
    [
        ("for i in range(3) { y: relu }; add y[0], y[-1]", ("y.0", "y.2")),
        ("repeat 3 { y: relu }; concat y", ("y.0", "y.1", "y.2")),
        ("for i in range(4) { if i % 2 == 1 { y: relu } else { tanh } }; add y", ("y.1", "y.3")),
        ("repeat 2 { repeat 2 { y: relu } }; add y[0][1], y[1][0]", ("y.0.1", "y.1.0")),
        ("stage: repeat 2 { y: relu }; add y[0], stage", ("stage.0.y", "stage.1.y")),
        ("repeat 2 { a, b: split 2; concat b, a }; add b", ("b.0", "b.1")),
        ("repeat 2 { y: relu }; repeat 3 { y: tanh }; concat y", ("y.0_2", "y.1_2", "y.2")),
        ("y: tanh; repeat 2 { y: relu }; add y, x", ("y", "x")),
        ("repeat 2 { y: relu }; y: tanh; add y, x", ("y", "x")),
        ("repeat 2 { y: relu }; for z in y { w: tanh from=z }; mul w", ("w.0", "w.1")),
    ],
)
def test_labels_of_a_loop_are_lists_behind_it(body: str, last: tuple[str, ...]) -> None:
    assert list(read(X + body + " }").values())[-1] == last


def test_labels_of_a_loop_may_be_called_like_others_that_are_read_before_it() -> None:
    before = "x: conv 4, 1x1, relu; add x, image; repeat 3 { x: conv 4, 1x1, relu; bn; add x }"
    assert specc.loads(f"model Net {{ input image 4x8x8; {before} }}").warnings == ()


@pytest.mark.parametrize(("rounds", "merged"), [(1, ("y.0",)), (2, ("y.0", "y.1"))])
def test_a_list_is_all_that_a_merge_takes(rounds: int, merged: tuple[str, ...]) -> None:
    assert list(read(X + f"repeat {rounds} {{ y: relu }}; tanh; concat y }}").values())[-1] == merged


def test_a_label_that_is_read_behind_its_loop_is_no_idle_one() -> None:
    model = specc.loads(X + "repeat 2 { y: relu }; add y }")
    assert model.warnings == ()
    idle = specc.loads(X + "repeat 2 { y: relu } }")
    assert [d.code for d in idle.warnings] == ["W0201"]


PAIR = "block pair { output b; a: relu; output a }\n"


@pytest.mark.parametrize(
    ("body", "last"),
    [
        ("p, q: pair; sub q, p", ("p.a", "x")),
        ("p: pair; sub p[1], p[0]", ("p.a", "x")),
        ("pair; add", ("x", "pair1.a")),
        ("p: pair; sub from=p", ("x", "p.a")),
    ],
)
def test_a_block_returns_what_its_outputs_name(body: str, last: tuple[str, ...]) -> None:
    assert list(read(PAIR + X + body + " }").values())[-1] == last


def test_a_block_with_one_output_returns_that() -> None:
    assert read("block b { y: relu; tanh; output y }\n" + X + "b; gelu }")["gelu1"] == ("b1.y",)


def test_a_loop_carries_as_many_values_as_its_body_returns() -> None:
    swap = "block swap { let both = in; relu from=both[1]; output a; tanh from=both[0]; output b }\n"
    found = read(swap + X + "a: sigmoid; swap from=[a, x]; repeat 2 { swap }; add }")
    assert found["swap2.relu1"] == ("swap1.tanh1",)
    assert found["swap3.tanh1"] == ("swap2.relu1",)
    assert found["add1"] == ("swap3.relu1", "swap3.tanh1")


def test_a_list_of_one_value_is_a_list_and_works_as_the_value_too() -> None:
    block = "block b { let all = in; conv len(all), 1x1, from=all[0] }\nblock c { relu }\n"
    model = specc.loads(block + X + "b from=[x]; c from=[in] }")
    assert model.layers[1].output.text() == "1x8x8"


@pytest.mark.parametrize(
    ("body", "message", "help"),
    [
        (
            "repeat 2 { s: relu }; output scores, from=s",
            "an output is one value, not a list of 2",
            "return each with a line of its own, `output scores_0, from=s[0]`, or one value made of all: "
            "`concat s` above",
        ),
        (
            "repeat 2 { s: relu }; output s",
            "an output is one value, not a list of 2",
            "return each with a line of its own, `output s_0, from=s[0]`, or one value made of all: `concat s` above",
        ),
        (
            "split 2; output y",
            "an output is one value, not a list of 2",
            "label the values and name one: `output y, from=...`",
        ),
        (
            "repeat 2 { relu; output y }",
            "output `y` is declared twice",
            "behind a loop a label is the list of its values: return each there with a line of its own, "
            "`output y_0, from=label[0]`",
        ),
        ("relu; output y; output y", "output `y` is declared twice", None),
    ],
)
def test_what_to_do_where_an_output_is_several_values(body: str, message: str, help: str | None) -> None:
    with pytest.raises(specc.SpecError) as refusal:
        specc.loads(X + body + " }")
    (found,) = refusal.value.diagnostics
    assert (found.message, found.help) == (message, help)


def test_labels_name_every_result_of_an_operation() -> None:
    found = read(
        X
        + "left, right: split 2; repeat 2 { a, b: split 2, from=right; add b, a }; parts: split 2, from=x; add parts }"
    )
    assert found["add1"] == ("b.0", "a.0")
    assert found["add2"] == ("b.1", "a.1")
    assert found["a.0"] == ("right",)
    assert found["add3"] == ("parts", "parts.1")


@pytest.mark.parametrize(
    ("loop", "channels"),
    [
        ("for a, b in [[8, 1], [5, 7]] { conv a * b, 1x1 }", [8, 35]),
        ("for i, a in [8, 5] { conv a + i, 1x1 }", [8, 6]),
        ("for i, a in [[8], [5]] { conv a + i, 1x1 }", [8, 6]),
        ("for i, a, b in [[8, 1], [5, 7]] { conv a * b + i, 1x1 }", [8, 36]),
        ("for i, row in enumerate([[8], [5, 7]]) { for a in row { conv a + i, 1x1 } }", [8, 6, 8]),
        ("for i, row in enumerate([[8, 1], [5, 7]]) { conv sum(row) + i, 1x1 }", [9, 13]),
        ("for pair in enumerate([8, 5]) { conv pair[0] + pair[1], 1x1 }", [8, 6]),
        ("a: relu; b: tanh; for i, value in enumerate([a, b]) { conv 3 + i, 1x1, from=value }", [3, 4]),
    ],
)
def test_what_the_names_of_a_loop_stand_for(loop: str, channels: list[int]) -> None:
    model = specc.loads(X + loop + " }")
    assert [node.types[0].channels for node in model.graph.nodes if node.op.word == "conv"] == channels


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        ("for i, row in [[8], [5, 7]]", "item 1 of the list is [5, 7], and item 0 [8], which `i` counts"),
        ("for a, b in [[5, 7], [8]]", "item 1 of the list is [8], and item 0 [5, 7], a value for each of 2 names"),
        ("for i, row in [[1, 2, 3]]", "item 0 of the list is [1, 2, 3], and there are 2 names"),
    ],
)
def test_a_loop_decides_by_all_items_what_its_names_stand_for(loop: str, message: str) -> None:
    with pytest.raises(specc.SpecError) as refusal:
        specc.loads(X + loop + " { relu } }")
    (found,) = (d for d in refusal.value.diagnostics if d.severity == "error")
    assert (found.code, found.message) == ("E0408", message)
    assert "enumerate(...)" in str(found.help)


def test_an_error_in_a_loop_has_no_echo_behind_it() -> None:
    with pytest.raises(specc.SpecError) as refusal:
        specc.loads(X + "for _ in 3 { y: relu }; add y[0], y[1] }")
    assert [d.code for d in refusal.value.diagnostics] == ["E0304"]


def test_a_label_of_lists_in_a_loop_is_a_list_of_lists_behind_it() -> None:
    made = read(X + "repeat 2 { s: split 2, from=x; relu from=s[0] }; y: add s[0][0], s[1][1]; add y, in }")
    assert made["y"] == ("s.0", "s.1.1")


@pytest.mark.parametrize(
    ("body", "last"),
    [
        ("y: relu; identity from=[x, y]; sub in[1], in[0]", ("y", "x")),
        ("y: relu; a, b: identity from=[x, y]; sub b, a", ("y", "x")),
        ("y: relu; identity from=[x, y]; repeat 2 { pair }; sub in[1], in[0]", ("pair2.a", "pair1.a")),
        ("split 2; identity; both: identity; sub from=both", ("split1", "split1.1")),
        ("identity from=[in]; sub in[0], 1", ("x",)),
        ("split 2; learned 5", ("split1",)),
        ("y: relu; learned 5, from=[x, y]", ("x",)),
    ],
)
def test_several_values_go_on_as_a_list(body: str, last: tuple[str, ...]) -> None:
    pair = "block pair { let second = in[1]; a: relu from=in[0]; output second; output a }\n"
    assert list(read(pair + X + body + " }").values())[-1] == last
