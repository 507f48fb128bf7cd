"""Frozen classes do what frozen dataclasses do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from specc.frozen import changed, frozen


@frozen
class Place:
    """A value of a test."""

    row: int
    column: int = 1


@dataclasses.dataclass(frozen=True)
class Standard:
    row: int
    column: int = 1


@pytest.mark.parametrize(
    ("one", "other"), [((2,), (2, 1)), ((2, 3), (2, 1)), ((1,), (1.0,))], ids=["default", "different", "equal numbers"]
)
def test_equality_and_hashes(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    assert (Place(*one) == Place(*other)) == (Standard(*one) == Standard(*other))
    assert (hash(Place(*one)) == hash(Place(*other))) == (hash(Standard(*one)) == hash(Standard(*other)))


def test_another_class_is_not_equal() -> None:
    assert Place(1) != Standard(1)


def test_text_names_the_fields() -> None:
    assert repr(Place(2)) == repr(Standard(2)).replace("Standard", "Place")


@pytest.mark.parametrize("arguments", [(), (1, 2, 3)], ids=["too few", "too many"])
def test_wrong_arguments(arguments: tuple[int, ...]) -> None:
    for cls in (Place, Standard):
        with pytest.raises(TypeError, match="argument"):
            cls(*arguments)


def test_what_is_made_stays_as_it_is() -> None:
    place = Place(2)
    with pytest.raises(AttributeError, match="frozen"):
        place.row = 3
    with pytest.raises(AttributeError, match="frozen"):
        del place.row
    assert changed(place, row=3) == Place(3) and place == Place(2)


def test_copies_and_pickles_are_equal() -> None:
    place = Place(2, 3)
    assert copy.copy(place) == copy.deepcopy(place) == pickle.loads(pickle.dumps(place)) == place


def test_dataclasses_know_them() -> None:
    assert dataclasses.is_dataclass(Place)
    assert dataclasses.asdict(Place(2)) == {"row": 2, "column": 1}
    assert dataclasses.replace(Place(2), column=5) == Place(2, 5)


def test_attributes_match_by_position() -> None:
    match Place(2, 3):
        case Place(row, column):
            assert (row, column) == (2, 3)
