"""A check that is given what the last one left has the same outcome as one that is not."""

from __future__ import annotations

from random import Random

import pytest

from specc.data import specs_folder
from specc.diagnostics.render import render_text
from specc.elaborate.memory import Memory
from specc.limits import Limits
from specc.loader import FileLoader
from specc.pipeline import Outcome, check
from specc.source import Source
from tests.edits import versions
from tests.shortcuts import assert_same

TEXT = """\
model M {
  input x 3x16x16
  conv 8, 3x3, pad=1, relu -> 8x16x16
  bn
  conv 8, 3x3, pad=1, bias=false -> 8x16x16
  bn
  flatten
  dense 10
}
"""


def checked(text: str, memory: Memory | None, limits: Limits | None = None) -> Outcome:
    limits = limits or Limits()
    loader = FileLoader(specs_folder() / "lecture", limits)
    return check(
        Source((specs_folder() / "lecture" / "edited.cnn").as_posix(), text), loader, limits=limits, memory=memory
    )


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("bias=false", "bias=true", {"conv2"}),
        ("bn\n  flatten", "bn # the last one\n  flatten", set()),
        ("dense 10", "dense 12", {"dense1"}),
        ("3x16x16", "4x16x16", set()),  # the types of what follows are the same
        ("  bn\n  conv", "  conv", {"conv2", "bn1", "flatten1", "dense1"}),  # each is a line further up
    ],
)
def test_other_nodes_are_the_same_objects(old: str, new: str, changed: set[str]) -> None:
    memory = Memory()
    (before,) = checked(TEXT, memory).models
    (after,) = checked(TEXT.replace(old, new, 1), memory).models
    former = {node.name: node for node in before.graph.nodes}
    assert {node.name for node in after.graph.nodes if node is not former.get(node.name)} == changed


def test_nodes_move_with_their_lines() -> None:
    memory = Memory()
    (before,) = checked(TEXT, memory).models
    (after,) = checked(TEXT.replace("  bn\n", "\n  conv 8, 1x1\n  bn\n", 1), memory).models
    assert [(node.name, node.line) for node in after.graph.nodes[-3:]] == [("bn2", 8), ("flatten1", 9), ("dense1", 10)]
    assert after.graph.nodes[-1].op is before.graph.nodes[-1].op


def test_a_word_that_becomes_a_constant_is_read_anew() -> None:
    memory = Memory()
    text = TEXT.replace("  conv 8, 3x3, pad=1, relu ->", "  conv 8, 3x3, pad=same, relu ->")
    assert checked(text, memory).ok
    (after,) = checked("let same = 1\nlet relu = tanh\n" + text, memory).models
    assert [node.op.word for node in after.graph.nodes[:2]] == ["conv", "tanh"]


BLOCK = "block unit {\n  conv 4, 3x3, pad=1\n}\n"
HEAD = "model M {\n  input x 4x8x8\n"
EDITS = {
    "tensors of a block's call": ("unit; unit", "unit weights=w; unit weights=w"),
    "an operation in a loop": ("repeat 4 {\n  a: mul in, in\n}", "repeat 4 {\n  a: add in, in\n}"),
    "the size of a loop": ("repeat 3 {\n  a: mul in, in\n}", "repeat 5 {\n  a: mul in, in\n}"),
    "what comes before a loop": ("repeat 3 {\n  conv 4, 1x1\n}", "conv 2, 1x1\nrepeat 3 {\n  conv 4, 1x1\n}"),
    "a layer with several results": ("layernorm statistics=true", "relu\nlayernorm statistics=true"),
    "an activation with a label in front": ("prelu\nconv 4, 3x3, relu", "prelu\nb: relu\nconv 4, 3x3, relu\nrelu"),
    "a label": ("a: relu\ntanh\nadd a", "tanh\na: relu\nadd a"),
    "a label that is called like the layer above": (
        "conv 4, 1x1\nconv 4, 1x1, relu",
        "conv 4, 1x1\nconv1: conv 4, 1x1, relu",
    ),
    "a label below in a branch": (
        "bn\nadd {\nbranch {\nbn\n}\nbranch {\nrelu\n}\n}",
        "bn\nadd {\nbranch {\nbn\n}\nbranch {\nbn1: relu\n}\n}",
    ),
    "a label of weights that are shared": ("a: bn\nb: bn weights=a\nbn weights=b", "a: bn\nb: bn\nbn weights=b"),
    "a name that weights have before": (
        "conv 4, 1x1, weights=a\nconv 4, 1x1",
        "conv 4, 1x1, weights=conv2\nconv 4, 1x1",
    ),
    "a name that a function has": ("let max = 3\nconv max(max, 4), 1x1", "let max = 5\nconv max(max, 4), 1x1"),
    "a name that an operation has": ("conv: relu\nconv 8, 3x3, act=conv", "let conv = relu\nconv 8, 3x3, act=conv"),
    "what does not meet": ("conv 4, 3x3, relu\nadd x", "tanh\nconv 4, 3x3, relu\nadd x"),
    "tensors that do not fit": (
        "head: conv 4, 1x1\nconv 5, 1x1, weights=head",
        "tanh\nhead: conv 4, 1x1\nconv 5, 1x1, weights=head",
    ),
    "the name of a value": ("conv 4, 1x1\nconv 4, [in, 1]", "tanh\nconv 4, 1x1\nconv 4, [in, 1]"),
    "a warning": ("upsample 2\nmaxpool 3x3\nrelu", "upsample 2\n\nmaxpool 3x3\nrelu"),
    "a false shape": ("conv 4, 3x3\nrelu\nbn", "conv 4, 3x3 -> 4x9x9\nrelu\nbn"),
}


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_checked_as_if_it_were_new(name: str, back: bool) -> None:
    memory = Memory()
    for body in EDITS[name][:: -1 if back else 1] * 2:
        text = f"{BLOCK}{HEAD}{body}\n}}"
        assert_same(checked(text, memory), checked(text, None))


def test_another_layout_changes_what_a_line_means() -> None:
    memory = Memory()
    text = HEAD.replace("4x8x8", "8x8x8") + "relu\nflatten\n}"
    for edited in (text, text.replace("8x8x8", "8x8x8, layout=hwc"), text):
        assert_same(checked(edited, memory), checked(edited, None))


def test_nodes_of_a_loop_are_the_same_objects_while_it_stays_as_it_is() -> None:
    memory = Memory()
    text = HEAD + "repeat 5 {\n  a: mul in, in\n  prelu\n  conv 4, 1x1, weights=w\n}\n}"
    (before,), (after,) = checked(text, memory).models, checked(text, memory).models
    assert all(a is b for a, b in zip(after.graph.nodes, before.graph.nodes, strict=True))


@pytest.mark.parametrize("name", ["layers", "steps"])
def test_limits_are_those_of_a_check_without_memory(name: str) -> None:
    lines = 'conv 4, 3x3, pad="same_lower"\n' * 3 + "conv 4, 1x1, relu\n" * 3 + "repeat 3 {\nrelu\n}\nbn\n"
    for number in range(1, 30):
        memory, limits = Memory(), Limits(**{name: number})
        for text in (f"{HEAD}{lines}}}", f"{HEAD}tanh\n{lines}}}", f"{HEAD}{lines}}}"):
            assert_same(checked(text, memory, limits), checked(text, None, limits))


def test_nodes_outlive_an_error() -> None:
    memory = Memory()
    (before,) = checked(TEXT, memory).models
    assert not checked(TEXT.replace("dense 10", "dens 10,"), memory).ok  # not even a text that can be parsed
    assert not checked(TEXT.replace("dense 10", "dense -1"), memory).ok
    (after,) = checked(TEXT, memory).models
    assert all(a is b for a, b in zip(after.graph.nodes[:-1], before.graph.nodes[:-1], strict=True))


def test_findings_stay_where_they_were() -> None:
    memory = Memory()
    text = TEXT.replace("  flatten", "  unused: relu\n  flatten")
    first = checked(text, memory)
    said = render_text(first.diagnostics, width=100)
    checked(text.replace("  bn\n", "\n\n  bn\n"), memory)
    assert "W0201" in said
    assert render_text(first.diagnostics, width=100) == said


@pytest.mark.parametrize("seed", range(40))
def test_what_is_remembered_changes_nothing(seed: int) -> None:
    random = Random(seed)
    memory = Memory()
    for text in versions(random, 8):
        limits = Limits(layers=2000, steps=random.choice((20_000, 20_000, 40)), elements=10_000)
        again, anew = checked(text, memory, limits), checked(text, None, limits)
        assert [one.graph for one in again.models] == [one.graph for one in anew.models]
        assert [one.summary for one in again.models] == [one.summary for one in anew.models]
        assert render_text(again.diagnostics, width=100) == render_text(anew.diagnostics, width=100)
