"""Windows written as arithmetic: `3*3` is 9, a window of 9x9, where 3x3 is most likely meant, and `4x4/2` is 2x2, where
a paper means a stride of 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from specc.diagnostics import Diagnostic
from specc.elaborate.report import Reporter
from specc.syntax import ast

WINDOWS: Final = ("kernel", "stride", "dilation", "size")
"""Arguments of operations and blocks that are sizes along axes."""


def warn_of_products(fields: Mapping[str, ast.Expr], report: Reporter) -> None:
    """Report W0102 for every window that is a product of whole numbers, or a kernel computed of a size, or as a
    quotient of numbers."""
    kernel = fields.get("kernel")
    if isinstance(kernel, ast.Binary):
        _warn_of_computed(kernel, report)
    for name in WINDOWS:
        factors = _factors(fields[name]) if name in fields else ()
        if len(factors) > 1:
            size = "x".join(factors)
            value = 1
            for factor in factors:
                value *= int(factor)
            report.add(
                Diagnostic(
                    "W0102", f"`{name}` is {value} here, the same along every axis", fields[name].span,
                    f"{'*'.join(factors)} = {value}", help=f"did you mean `{size}`?",
                )
            )  # fmt: skip


def _warn_of_computed(written: ast.Binary, report: Reporter) -> None:
    """`4x4/2`, `7//2`, `3x3*2`, `2*3x3`, `3x3+1`."""
    from specc.elaborate.surplus import text

    sides = _numbers(written.left), _numbers(written.right)
    sizes = sum(isinstance(side, ast.Size) for side in (written.left, written.right))
    if not all(sides) or sizes > 1 or (sizes == 0 and written.operator not in ("/", "//")):
        return
    value = _computed(written.operator, *sides)
    if not value or min(value) < 1:
        return  # which is an error
    shown = "x".join(map(str, value))
    report.add(
        Diagnostic(
            "W0102", f"`kernel` is {shown} here", written.span, f"{text(written)} = {shown}",
            help=_meant(written, shown),
        )
    )  # fmt: skip


def _numbers(written: ast.Expr) -> tuple[int, ...]:
    """The whole numbers of a size, or the only one; nothing for anything else."""
    parts = written.parts if isinstance(written, ast.Size) else (getattr(written, "value", None),)
    return tuple([part for part in parts if type(part) is int]) if all(type(part) is int for part in parts) else ()


def _computed(sign: str, left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    """What the arithmetic gives, a size and a number element by element; nothing where it gives no whole numbers."""
    from specc.elaborate.arithmetic import NoResult, binary

    count = max(len(left), len(right))
    pairs = zip(left * count if len(left) == 1 else left, right * count if len(right) == 1 else right, strict=True)
    try:
        value = tuple([binary(sign, a, b) for a, b in pairs])
    except NoResult:
        return ()
    return value if all(type(item) is int for item in value) else ()


def _meant(written: ast.Binary, value: str) -> str | None:
    from specc.elaborate.slips import divided
    from specc.elaborate.surplus import text

    if written.operator in ("/", "//"):
        return divided("kernel", written)
    size, number = written.left, written.right
    if isinstance(number, ast.Size):
        size, number = number, size
    own = f"a window of {value} is written `{value}`"
    if written.operator == "*":
        return f"{own}; the same layer several times is `repeat {text(number)} {{ ... }}`"
    return f"{own}; padding is an argument of its own: `{text(size)}, pad={text(number)}`"


def _factors(expression: ast.Expr) -> tuple[str, ...]:
    """The factors of a product of whole numbers as they are written; nothing for anything else."""
    match expression:
        case ast.Number(value=int(value)):
            return (str(value),)
        case ast.Binary(operator="*", left=left, right=right):
            before, after = _factors(left), _factors(right)
            return (*before, *after) if before and after else ()
    return ()
