"""specc: a compiler for `.cnn` model specs.

>>> import specc
>>> m = specc.load("specs/lecture/resnet.cnn", model="ResNet34")
>>> m.params
21797672
"""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers know it; the command line is to meet interrupts before it imports `typing`
if TYPE_CHECKING:
    from specc.api import load, loads
    from specc.diagnostics import Diagnostic
    from specc.errors import SpecError
    from specc.imports import import_onnx
    from specc.limits import Limits
    from specc.model import Model

__version__ = "0.1.0"
__all__ = ["Diagnostic", "Limits", "Model", "SpecError", "__version__", "import_onnx", "load", "loads"]

_HOMES = {
    "Diagnostic": "specc.diagnostics",
    "Limits": "specc.limits",
    "Model": "specc.model",
    "SpecError": "specc.errors",
    "import_onnx": "specc.imports",
    "load": "specc.api",
    "loads": "specc.api",
}


def __getattr__(name: str) -> object:
    """The public names, imported when first asked for: the command line pays only for what a command needs."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'specc' has no attribute {name!r}")


def __dir__() -> list[str]:
    """What completion offers: the public names, imported or not."""
    return sorted({*globals(), *__all__})
