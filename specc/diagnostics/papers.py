"""Rows of a paper's table of architecture, `3x3 conv, 64` and `conv3-64`, and the line that says so here."""

from __future__ import annotations

import re
from typing import Final

_WINDOW: Final = r"\d+(?:x\d+){1,2}"
_CONV: Final = (
    r"(?:(?:depth-?wise|dw|separable|sep|transposed?|de|pointwise|pw)[ _-]?)*conv(?:olution)?(?:[ ](?:dw|pw))?"
)
_POOL: Final = r"(?:max|avg|average|mean)[ -]?pool(?:ing)?"
_TAIL: Final = (
    r"(?:\s*,?\s*(?:stride\s*=?|/|s)\s*(?P<stride>\d+))?(?:\s*[,+]?\s*(?P<act>(?:leaky_)?relu6?|elu|gelu|silu|tanh|sigmoid))?"
    r"\s*(?=[#;}\n]|->|$)"
)
_WINDOW_FIRST: Final = re.compile(
    rf"(?P<window>{_WINDOW})\s*,?\s*(?P<kind>{_CONV}|{_POOL})?\.?\s*,?\s*(?P<channels>\d+)?{_TAIL}", re.IGNORECASE
)
_JOINED: Final = re.compile(
    rf"(?P<kind>{_CONV}|{_POOL})[ -]?(?P<window>{_WINDOW}|\d+(?=-\d))(?:\s*[,( -]\s*(?P<channels>\d+)\)?)?{_TAIL}",
    re.IGNORECASE,
)
_DENSE: Final = re.compile(rf"(?:fc|dense|linear)[ -]?(?P<units>\d+){_TAIL}", re.IGNORECASE)
_ALL_CHANNELS: Final = "64"
"""What is shown for channels that a row leaves out."""


def row_here(row: str) -> str | None:
    """The line that a row is here which begins with its window, `3x3 conv, 64, stride 2`."""
    found = _WINDOW_FIRST.match(row)
    return found and _line(found, channels=found["channels"])


def joined_here(row: str) -> str | None:
    """The line that a row is here which begins with its layer and window in one word, `conv3-64`, or `FC-4096`."""
    dense = _DENSE.match(row)
    if dense is not None:
        return f"dense {dense['units']}{_tail(dense)}"
    found = _JOINED.match(row)
    return found and _line(found, channels=found["channels"] or _ALL_CHANNELS)


def _line(row: re.Match[str], channels: str | None) -> str | None:
    """A convolution needs its channels; a pool has none, and one of each channel by itself keeps them."""
    kind = (row["kind"] or "conv").lower()
    window = row["window"] if "x" in row["window"] else f"{row['window']}x{row['window']}"
    if "pool" in kind:
        return None if row["channels"] else f"{'maxpool' if 'max' in kind else 'avgpool'} {window}{_tail(row)}"
    if "separable" in kind or kind.startswith("sep"):
        word = "separable"
    elif "dw" in kind or kind.startswith("depth"):
        return f"depthwise {window}{_tail(row)}"
    else:
        word = "deconv" if kind.startswith(("de", "transpose")) else "conv"
    return channels and f"{word} {channels}, {window}{_tail(row)}"


def _tail(row: re.Match[str]) -> str:
    stride = f", stride={row['stride']}" if row["stride"] else ""
    return stride + (f", {row['act'].lower()}" if row["act"] else "")
