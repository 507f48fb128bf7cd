"""Statements that are elaborated again, and layers like earlier ones, come to what they would come to by themselves."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from specc.data import specs_folder
from specc.elaborate.layers import Layers
from specc.elaborate.settled import Settled
from specc.limits import DEFAULT_LIMITS, Limits
from specc.loader import FileLoader
from specc.pipeline import Outcome, check
from specc.source import Source
from tests.edits import versions
from tests.shortcuts import assert_same, without_shortcuts

TEXTS = {
    "a name that is bound in some rounds only": """
        for i in range(4) {
            if i > 1 {
                relu: conv 8, 1x1
            }
            conv 8, 3x3, pad=1
            bn act=relu
        }""",
    "a word that is bound in a later round": """
        for i in range(4) {
            if i == 2 {
                let same = 1
            }
            conv 8, 3x3, pad=same
        }""",
    "sizes of the value before": """
        repeat 4 {
            conv in.channels, 1x1
            concat in, in
        }""",
    "a list before what had a value before it": """
        repeat 3 {
            unit
        }
        split 2
        unit
        conv 8, 1x1""",
    "a block within itself": """
        again 3
        repeat 2 {
            again 1
            again in.channels - 7, weights=shared
        }""",
    "labels": """
        repeat 3 {
            a: conv 8, 3x3, pad=1, relu
            b: bn
            add a
        }
        stage: repeat 3 {
            a: conv 8, 3x3, pad=1, prelu
            residual {
                conv 8, 1x1
            }
        }""",
    "shapes that shrink until they are refused": """
        repeat 9 {
            conv 8, 3x3, relu
            maxpool 2x2
        }""",
    "a claim that is false from the second round on": """
        repeat 3 {
            conv 8, 3x3 -> 8x14x14
            relu
        }""",
    "a warning in every round": """
        repeat 3 {
            avgpool 3x3, stride=2
            upsample 2
            conv 8, 3x3, pad=1
            bn
        }""",
    "weights in common": """
        repeat 3 {
            unit weights=first
        }
        repeat 3 {
            unit
        }
        repeat 3 {
            conv 8, 3x3, pad=1, prelu, weights=second
        }""",
    "weights in common that do not fit": """
        conv 4, 1x1
        repeat 3 {
            unit weights=first
        }""",
    "labels and names of weights that layers could have by themselves": """
        repeat 4 {
            conv 8, 1x1, prelu
            conv2: conv 8, 1x1
            conv 8, 1x1, weights=conv6
            conv 8, 1x1, weights=conv2
        }
        s: repeat 4 {
            unit
            unit1: unit
            unit2: unit weights=unit1
            unit weights=unit2
        }
        prelu1: relu""",
    "values of other lines and numbers": """
        repeat 3 {
            mul 0.5
            add x
            add in, x
            a, b: split 2
            concat a, b
            add {
                branch {
                    relu
                }
                branch {
                    tanh
                }
            }
        }""",
    "a block with words for operations": """
        for act in [relu, none, tanh, relu] {
            named conv, act
            named conv, act
        }""",
    "asserted shapes": """
        repeat 3 {
            conv 8, 3x3, pad=1, relu -> 8x16x16
            residual {
                conv 8, 1x1
            }
            maxpool 3x3, stride=2, pad=1
            upsample 2
        }""",
    "what does not meet behind the loop": """
        repeat 4 {
            conv 4, 3x3, pad=1, relu
        }
        add x""",
    "the name of a value made again": """
        repeat 4 {
            conv 8, 1x1
        }
        conv 4, [in, 1]""",
    "an error behind the loop": """
        repeat 4 {
            conv 8, 3x3, pad=1, relu
        }
        flatten -> 7
        repeat 4 {
            dense 10, relu
        }""",
}
MODEL = """
block unit {{
    conv 8, 3x3, pad=1, prelu
    bn
}}
block again(n) {{
    conv 8, 3x3, pad=1, relu
    if n > 0 {{ again n - 1; bn }}
}}
block named(op, act) {{
    op 8, 3x3, pad=1, act
}}
model M {{
    input x {}
    {}
}}"""
ROUNDS = """repeat {} {{ conv 8, 3x3, pad=1, relu
    residual {{ bn }}
    }}"""
INPUTS = {"chw": "8x16x16", "open sizes": "[8, H, W]", "hwc": "16x16x8, layout=hwc"}


def checked(text: str, limits: Limits = DEFAULT_LIMITS) -> Outcome:
    folder = specs_folder() / "lecture"
    return check(Source((folder / "text.cnn").as_posix(), text), FileLoader(folder, limits), limits=limits)


def assert_same_with_and_without(text: str, limits: Limits = DEFAULT_LIMITS) -> None:
    with without_shortcuts():
        whole = checked(text, limits)
    assert_same(checked(text, limits), whole)


@pytest.mark.parametrize("shape", INPUTS)
@pytest.mark.parametrize("name", TEXTS)
def test_rounds_of_loops_and_calls_of_blocks(name: str, shape: str) -> None:
    text = MODEL.format(INPUTS[shape], TEXTS[name])
    assert not [d for d in checked(text).diagnostics if d.code.startswith("E01")]
    assert_same_with_and_without(text)


@pytest.mark.parametrize("layers", range(1, 18))
def test_limit_on_layers(layers: int) -> None:
    """Of which the third and fourth round make as many as they are read to make."""
    assert_same_with_and_without(
        MODEL.format("8x16x16", ROUNDS.format(4)),
        DEFAULT_LIMITS._replace(layers=layers),
    )


@pytest.mark.parametrize("path", sorted(specs_folder().rglob("*.cnn")), ids=lambda path: path.stem)
def test_bundled_specs(path: Path) -> None:
    assert_same_with_and_without(path.read_text("utf-8"))


@pytest.mark.parametrize("seed", range(12))
def test_edited_specs(seed: int) -> None:
    for text in versions(Random(seed), 12):
        assert_same_with_and_without(text)


def test_shortcuts_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The laws above say nothing if they never are."""
    found, repeated = [], []
    find, repeat = Settled.find, Layers._repeat
    monkeypatch.setattr(Settled, "find", lambda *args: found.append(find(*args)) or found[-1])
    monkeypatch.setattr(Layers, "_repeat", lambda *args: repeated.append(args) or repeat(*args))
    checked(MODEL.format("8x16x16", ROUNDS.format(5)))
    assert len([meaning for meaning in found if meaning is not None]) == 2 * (5 - 2)
    assert len(repeated) == 3 * (5 - 2)
