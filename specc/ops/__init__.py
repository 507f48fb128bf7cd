"""The table of operations.  A new operation is one class in a file here and one line in `OPS`."""

from __future__ import annotations

from typing import Final

from specc.ops.base import Op
from specc.ops.conv import Conv

OPS: Final[tuple[type[Op], ...]] = (Conv,)

BY_WORD: Final[dict[str, type[Op]]] = {op.word: op for op in OPS}
