"""Likely values for arguments, for messages that show a whole line."""

from __future__ import annotations

from typing import Final

from specc.elaborate.surplus import text
from specc.syntax import ast

EXAMPLES: Final = {
    "channels": "64", "units": "10", "kernel": "3x3", "stride": "2", "pad": "1", "groups": "4", "factor": "2",
    "scale": "2", "size": "7x7", "sizes": "16x8x8", "order": "(1, 2, 0)", "parts": "2", "amount": "1",
    "where": "positions", "axis": "channels", "min": "0", "max": "6", "alpha": "0.1", "eps": "1e-5", "bias": "false",
}  # fmt: skip
"""Values that show how an argument is written."""


def example(name: str, named: bool, act: ast.Expr | None = None) -> str:
    """A likely value: for a parameter of a block the word behind the arguments, if there is one."""
    value = EXAMPLES.get(name)
    if value is None:
        return f"{name}=..." if act is None else f"{name}={text(act)}"
    return f"{name}={value}" if named else value
