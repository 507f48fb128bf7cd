"""specc: a compiler for `.cnn` model specs.

>>> import specc
>>> m = specc.load("specs/lecture/resnet.cnn", model="ResNet34")
>>> m.params
21797672
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from specc.api import Model, SpecError, load, loads

__version__ = "0.1.0"
__all__ = ["Model", "SpecError", "__version__", "load", "loads"]


def __getattr__(name: str) -> object:
    """The public names, imported when first asked for: the command line pays only for what a command needs."""
    if name in ("Model", "SpecError", "load", "loads"):
        from specc import api

        return getattr(api, name)
    raise AttributeError(f"module 'specc' has no attribute {name!r}")
