"""Windows written as products and quotients: `3*3` is 9, a window of 9x9, where 3x3 is most likely meant, and
`4x4/2` is 2x2, where a paper means a stride of 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from specc.diagnostics import Diagnostic
from specc.elaborate.report import Reporter
from specc.syntax import ast

WINDOWS: Final = ("kernel", "stride", "dilation", "size")
"""Arguments of operations and blocks that are sizes along axes."""


def warn_of_products(fields: Mapping[str, ast.Expr], report: Reporter) -> None:
    """Report W0102 for every window that is a product of whole numbers, or a size divided by one."""
    _warn_of_quotient(fields.get("kernel"), report)
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


def _warn_of_quotient(written: ast.Expr | None, report: Reporter) -> None:
    match written:
        case ast.Binary(operator="/", left=ast.Size() as size, right=ast.Number(value=int(by))) if by and all(
            isinstance(part, int) and part % by == 0 for part in size.parts
        ):
            from specc.elaborate.slips import divided

            value = "x".join(str(int(part) // by) for part in size.parts)
            report.add(
                Diagnostic(
                    "W0102", f"`kernel` is {value} here", written.span, f"{written.span.text} = {value}",
                    help=divided("kernel", written),
                )
            )  # fmt: skip


def _factors(expression: ast.Expr) -> tuple[str, ...]:
    """The factors of a product of whole numbers as they are written; nothing for anything else."""
    match expression:
        case ast.Number(value=int(value)):
            return (str(value),)
        case ast.Binary(operator="*", left=left, right=right):
            before, after = _factors(left), _factors(right)
            return (*before, *after) if before and after else ()
    return ()
