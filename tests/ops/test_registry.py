"""What the table of operations says without importing them is what their classes say."""

import subprocess
import sys

import pytest

from specc import ops
from specc.elaborate.words import choices
from specc.ops import ACTIVATIONS, BY_WORD, CHOICES, CLASSES, OPS
from specc.ops.axes import AXIS_NAMES


def test_each_class_stands_under_its_own_word() -> None:
    assert {word: op.word for word, op in BY_WORD.items()} == {word: word for word in CLASSES}
    assert tuple(BY_WORD.values()) == OPS
    assert "conv" in BY_WORD and "convolution" not in BY_WORD
    with pytest.raises(KeyError):
        BY_WORD["convolution"]
    with pytest.raises(AttributeError, match="has no attribute 'ops'"):
        ops.ops  # noqa: B018


def test_the_activations_are_those_that_say_so() -> None:
    assert sorted(op.word for op in OPS if op.is_activation) == sorted(ACTIVATIONS)


def test_the_words_of_arguments_are_those_of_their_types() -> None:
    fields = [field for op in OPS for name, field in op.model_fields.items() if name not in op.context]
    words = set().union(*(choices(field.annotation) for field in fields))
    assert (words | {"chw", "hwc", "none", *AXIS_NAMES}) - set(CLASSES) == set(CHOICES)


def test_only_what_a_spec_uses_is_imported() -> None:
    program = "import sys; from specc.ops import BY_WORD; BY_WORD['dense']; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "specc.ops.dense" in loaded
    assert "specc.ops.pool" not in loaded
