"""Records behave as frozen dataclasses do."""

import copy
import pickle
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass

import pytest

from specc.record import made_by, record, replace


@record
class Point:
    """A place."""

    x: int
    y: int = 0
    notes: Mapping[str, str] = made_by(default_factory=dict)


@record(frozen=False, eq=False)
class Counter:
    count: int = 0

    def __post_init__(self) -> None:
        self.count += 1


def test_fields_are_given_by_place_or_name_and_may_have_defaults() -> None:
    assert Point(1) == Point(x=1, y=0) != Point(1, 2)
    assert repr(Point(1, 2)) == "Point(x=1, y=2, notes={})"
    with pytest.raises(TypeError):
        Point()


def test_a_default_is_made_for_each_instance() -> None:
    assert Point(1).notes is not Point(1).notes


def test_a_record_is_frozen_unless_it_says_otherwise() -> None:
    with pytest.raises(AttributeError, match="frozen"):
        Point(1).x = 2
    counter = Counter()
    counter.count += 1
    assert counter.count == 2


def test_records_compare_and_hash_by_their_values_or_by_identity() -> None:
    @record
    class Pair:
        x: int
        y: int

    assert len({Pair(1, 2), Pair(1, 2), Pair(2, 1)}) == 2
    assert Pair(1, 0) != (1, 0)
    assert Counter() != Counter()


def test_a_record_can_be_matched_copied_changed_and_stored() -> None:
    match Point(3, 4):
        case Point(x, y):
            assert (x, y) == (3, 4)
    assert replace(Point(3, 4), y=5) == Point(3, 5)
    assert copy.copy(Point(3, 4)) == pickle.loads(pickle.dumps(Point(3, 4))) == Point(3, 4)


def test_it_is_a_dataclass_to_those_who_ask() -> None:
    assert is_dataclass(Point)
    assert [field.name for field in fields(Point)] == ["x", "y", "notes"]
    assert asdict(Point(1)) == {"x": 1, "y": 0, "notes": {}}
