"""Arguments are read strictly, and never change afterwards."""

import pytest

from specc.ops.arguments import ValidationError
from specc.ops.base import Op
from specc.ops.conv import Conv
from specc.ops.dropout import Dropout
from specc.ops.norm import BatchNorm


def test_arguments_are_read_by_their_types() -> None:
    conv = Conv(channels=6.0, kernel=[3, 5], pad=1)
    assert (conv.channels, conv.kernel, conv.pad, conv.stride) == (6, (3, 5), (1,), (1,))
    assert conv.written() == {"channels": 6, "kernel": (3, 5), "pad": (1,)}


@pytest.mark.parametrize(
    ("op", "arguments", "problems"),
    [
        (Conv, {"channels": 6}, [("kernel", "missing", "is required")]),
        (Conv, {"channels": 6, "kernel": 3, "step": 2}, [("step", "unknown", "is no argument of it")]),
        (Conv, {"channels": 0, "kernel": 3, "round": "up"},
         [("round", "choice", "takes `floor`, `ceil`, `exact`"), ("channels", "range", "must be at least 1")]),
        (BatchNorm, {"affine": 1}, [("affine", "type", "takes `true` or `false`")]),
        (BatchNorm, {"eps": 0}, [("eps", "range", "must be above 0")]),
        (Dropout, {"rate": 1}, [("rate", "range", "must be below 1")]),
        (Dropout, {"rate": float("nan")}, [("rate", "range", "must be at least 0")]),
    ],
)  # fmt: skip
def test_what_does_not_suit_is_refused(op: type[Op], arguments: dict, problems: list) -> None:
    with pytest.raises(ValidationError) as caught:
        op(**arguments)
    assert sorted(caught.value.problems) == sorted(problems)


def test_operations_are_frozen_values() -> None:
    conv = Conv(channels=6, kernel=3)
    with pytest.raises(AttributeError, match="frozen"):
        conv.channels = 7
    assert {conv, Conv(channels=6, kernel=(3,)), conv.model_copy(update={"groups": 2})} == {
        conv,
        Conv(channels=6, kernel=3, groups=2),
    }
