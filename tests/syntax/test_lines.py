"""A file that was edited is parsed from what is kept of its lines, to what parsing it anew gives."""

from __future__ import annotations

from random import Random

import pytest
from excerpt import attributes

from specc.limits import Limits
from specc.source import Source, Span
from specc.syntax import ast
from specc.syntax.lines import Lines
from specc.syntax.parser import parse
from tests.edits import versions


def plain(tree: object) -> object:
    """A tree as nested tuples that can be compared, with its places."""
    if isinstance(tree, Span):
        return tree.source.text[tree.start : tree.end], tree.start
    if isinstance(tree, tuple):
        return tuple(map(plain, tree))
    found = attributes(tree)
    return (type(tree), *map(plain, found.values())) if found else tree


def statements(text: str, kept: Lines) -> tuple[ast.Statement, ...]:
    file, diagnostics = parse(Source("m.cnn", text), kept=kept)
    assert file is not None, diagnostics
    (model,) = file.items
    assert isinstance(model, ast.Model)
    return model.body


def body(*lines: str) -> str:
    return "\n".join(("model M {", "input x 3x8x8", *lines, "}"))


@pytest.mark.parametrize(
    "after",
    [
        ["conv 8, 3x3", "relu", "bn", "relu"],  # nothing changed
        ["# new", "", "conv 8, 3x3", "relu", "bn", "relu"],
        ["conv 8, 3x3", "relu", "residual {", "bn", "}", "relu"],
        ["conv 8, 3x3", "a: maxpool 2x2", "relu", "bn", "relu"],
    ],
)
def test_lines_that_stay_are_the_same_objects(after: list[str]) -> None:
    kept = Lines()
    before = statements(body("conv 8, 3x3", "relu", "bn", "relu"), kept)
    known = {id(statement) for statement in before}
    found = statements(body(*after), kept)
    assert id(before[1]) in {id(statement) for statement in found}
    assert id(before[-1]) == id(found[-1])
    assert found[-1].span.row == len(after) + 2
    assert len([statement for statement in found if id(statement) not in known]) <= 2


@pytest.mark.parametrize(
    "lines",
    [
        ("conv 8, 3x3", "  -> 8x6x6"),
        ("conv 8, 3x3,", "relu"),
        ("reshape [2,", "relu", "]"),
        ("concat", "{ branch { relu } }"),
        ("conv 8, 3x3", "# in between", "", "  -> 8x6x6"),
        ("relu; bn", "relu"),
        ("conv 8, 3x3 # 8 channels", "relu ## no document"),
    ],
)
def test_a_line_that_belongs_to_others_is_read_with_them(lines: tuple[str, ...]) -> None:
    kept = Lines()
    text = body(*lines)
    for _ in range(2):
        anew, _ = parse(Source("m.cnn", text))
        again, _ = parse(Source("m.cnn", text), kept=kept)
        assert anew is not None
        assert plain(again) == plain(anew)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_kept_changes_nothing(seed: int) -> None:
    random = Random(seed)
    kept = Lines()
    for text in versions(random, 10):
        source, limits = Source("edited.cnn", text), Limits(nesting=random.choice((200, 200, 4)))
        again, found = parse(source, limits, kept)
        anew, wanted = parse(source, limits)
        assert found == wanted
        assert plain(again) == plain(anew)


def test_a_kept_line_may_get_too_deep() -> None:
    kept, limits = Lines(), Limits(nesting=3)
    for before, after, found in (("", "", []), ("add { branch {\n", "\n} }", ["E0106"])):
        text = Source("m.cnn", body(f"{before}conv ((8)), 3x3{after}"))
        assert [diagnostic.code for diagnostic in parse(text, limits, kept=kept)[1]] == found
