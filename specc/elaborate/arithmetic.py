"""Compile-time arithmetic on numbers, open sizes, texts and (element by element) lists."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, Final

from specc.dims import Sym, maximum
from specc.elaborate.values import describe, kind, show, whole

MAX_BITS: Final = 4096


class NoResult(Exception):
    """An operation on compile-time values has no result; the text says why."""

    def __init__(self, message: str, code: str = "E0308") -> None:
        super().__init__(message)
        self.code = code


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def binary(symbol: str, left: Any, right: Any) -> Any:
    """`left symbol right`; raises `NoResult`."""
    if symbol in ("==", "!="):
        return same(left, right) == (symbol == "==")
    if symbol in ("<", "<=", ">", ">="):
        return _compare(symbol, left, right)
    if isinstance(left, tuple) or isinstance(right, tuple):
        return _on_lists(symbol, left, right)
    if isinstance(left, Sym) or isinstance(right, Sym):
        return _on_open_sizes(symbol, left, right)
    if isinstance(left, str) and isinstance(right, str) and symbol == "+":
        return str(left) + str(right)
    if not (_is_number(left) and _is_number(right)):
        raise NoResult(f"`{symbol}` cannot join {kind(left)} and {kind(right)}")
    return _on_numbers(symbol, left, right)


def unary(symbol: str, value: Any) -> Any:
    """`-value`, `+value`, `not value`; raises `NoResult`."""
    if symbol == "not":
        return not truth(value)
    if isinstance(value, tuple):
        return tuple(unary(symbol, item) for item in value)
    if _is_number(value) or isinstance(value, Sym):
        return -value if symbol == "-" else value
    raise NoResult(f"`{symbol}` needs a number, not {describe(value)}")


def truth(value: Any) -> bool:
    """A condition, which must be true or false; raises `NoResult`."""
    if isinstance(value, bool):
        return value
    raise NoResult(f"a condition must be `true` or `false`, not {describe(value)}")


def same(left: Any, right: Any) -> bool:
    """Equality; a list of one number equals the number, so that `output == 10` reads well."""
    if isinstance(left, tuple) != isinstance(right, tuple):
        items, single = (left, right) if isinstance(left, tuple) else (right, left)
        return bool(items) and all(same(item, single) for item in items)
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    return bool(left == right)


def _compare(symbol: str, left: Any, right: Any) -> bool:
    compare: Callable[[Any, Any], bool] = {
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }[symbol]
    if isinstance(left, tuple) and _is_number(right):
        return all(_compare(symbol, item, right) for item in left)
    if isinstance(left, tuple):
        raise NoResult(f"`{symbol}` compares all items of a list with one number, and this is {describe(right)}")
    if isinstance(left, Sym) or isinstance(right, Sym):
        raise NoResult(f"`{show(left)} {symbol} {show(right)}` needs known sizes", "E0407")
    if not (_is_number(left) and _is_number(right)):
        raise NoResult(f"`{symbol}` cannot compare {kind(left)} with {kind(right)}")
    return compare(left, right)


def _on_numbers(symbol: str, left: Any, right: Any) -> Any:
    try:
        return bounded(_compute(symbol, left, right))
    except ZeroDivisionError:
        raise NoResult(f"{show(left)} {symbol} {show(right)} divides by zero") from None
    except OverflowError:
        raise NoResult(f"{show(left)} {symbol} {show(right)} is too large", "E0703") from None


def _compute(symbol: str, left: Any, right: Any) -> Any:
    match symbol:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return _divide(left, right)
        case "//":
            return left // right
        case "%":
            return left % right
    return _power(left, right)


def _divide(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return left // right
    return left / right


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int) and right > 0 and left.bit_length() * right > 2 * MAX_BITS:
        raise NoResult(f"this number needs more than {MAX_BITS} bits", "E0703")
    result = left**right
    if isinstance(result, complex):
        raise NoResult(f"({show(left)}) ** {show(right)} is not a real number")  # only powers of what is below 0
    return result


def bounded(value: Any) -> Any:
    """`value`; raises `NoResult` for a number beyond what specc keeps."""
    if isinstance(value, float) and not math.isfinite(value):
        raise NoResult("this number is too large", "E0703")
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise NoResult(f"this number needs more than {MAX_BITS} bits", "E0703")
    return value


def _on_open_sizes(symbol: str, left: Any, right: Any) -> Any:
    whole = all(isinstance(side, Sym | int) and not isinstance(side, bool) for side in (left, right))
    if whole and symbol in ("+", "-", "*"):
        return {"+": operator.add, "-": operator.sub, "*": operator.mul}[symbol](left, right)
    if whole and symbol in ("/", "//") and isinstance(right, int) and right > 0:
        return left // right  # sizes are whole
    raise NoResult(f"`{show(left)} {symbol} {show(right)}` needs known sizes", "E0407")


def _on_lists(symbol: str, left: Any, right: Any) -> Any:
    if symbol == "+" and isinstance(left, tuple) and isinstance(right, tuple):
        return left + right
    if isinstance(left, tuple) and isinstance(right, tuple):
        raise NoResult(f"`{symbol}` cannot join two lists")
    if isinstance(left, tuple):
        return tuple(binary(symbol, item, right) for item in left)
    return tuple(binary(symbol, left, item) for item in right)


def _numbers(arguments: tuple[Any, ...]) -> list[Any]:
    items = list(arguments[0]) if len(arguments) == 1 and isinstance(arguments[0], tuple) else list(arguments)
    if not items:
        raise NoResult("needs at least one number")
    if not all(_is_number(item) for item in items):
        raise NoResult("needs numbers")
    return items


def _largest(*arguments: Any) -> Any:
    """Of open sizes too, as in the formulas that tables show."""
    items = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], tuple) else arguments
    if any(isinstance(item, Sym) for item in items) and all(isinstance(item, Sym) or _is_whole(item) for item in items):
        return maximum(tuple(items))
    return max(_numbers(arguments))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _one(arguments: tuple[Any, ...]) -> Any:
    if len(arguments) != 1 or not _is_number(arguments[0]):
        raise NoResult("takes one number")
    return arguments[0]


def _length(*arguments: Any) -> int:
    if len(arguments) == 1 and isinstance(arguments[0], tuple | str):
        return len(arguments[0])
    raise NoResult("takes one list")


def _range(*given: Any) -> range:
    arguments = [whole(number) for number in given]
    if not 1 <= len(arguments) <= 3 or not all(isinstance(a, int) and not isinstance(a, bool) for a in arguments):
        raise NoResult("takes one to three whole numbers: range(stop), range(start, stop), range(start, stop, step)")
    if len(arguments) == 3 and arguments[2] == 0:
        raise NoResult("needs a step other than 0")
    return range(*arguments)


def _enumerate(*arguments: Any) -> tuple[Any, ...]:
    if len(arguments) != 1 or not isinstance(arguments[0], tuple):
        raise NoResult("takes one list")
    return tuple(enumerate(arguments[0]))


def _round_to(*arguments: Any) -> int:
    """The multiple of `divisor` nearest to x, at least `divisor` and never more than 10 % below x
    (`make_divisible` of the MobileNet papers)."""
    if len(arguments) != 2 or not all(_is_number(a) for a in arguments) or arguments[1] <= 0:
        raise NoResult("takes a number and a positive divisor: round_to(x, 8)")
    x, divisor = arguments
    nearest = max(divisor, int(x + divisor / 2) // divisor * divisor)
    return int(nearest + divisor if nearest < 0.9 * x else nearest)


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "min": lambda *a: min(_numbers(a)),
    "max": _largest,
    "sum": lambda *a: sum(_numbers(a)) if a != ((),) else 0,
    "round": lambda *a: math.floor(_one(a) + 0.5),
    "floor": lambda *a: math.floor(_one(a)),
    "ceil": lambda *a: math.ceil(_one(a)),
    "abs": lambda *a: abs(_one(a)),
    "sqrt": lambda *a: math.sqrt(_one(a)) if _one(a) >= 0 else _negative_root(),
    "exp": lambda *a: math.exp(_one(a)),
    "log": lambda *a: math.log(_one(a)) if _one(a) > 0 else _no_logarithm(),
    "sin": lambda *a: math.sin(_one(a)),
    "cos": lambda *a: math.cos(_one(a)),
    "len": _length,
    "range": _range,
    "enumerate": _enumerate,
    "round_to": _round_to,
}


def _negative_root() -> float:
    raise NoResult("needs a number from 0")


def _no_logarithm() -> float:
    raise NoResult("needs a number above 0")
