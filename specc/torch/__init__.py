"""Models as PyTorch modules, live or as source.  PyTorch is imported only when `module` is called."""

from specc.torch.module import module
from specc.torch.source import to_source, write_source

__all__ = ["module", "to_source", "write_source"]
