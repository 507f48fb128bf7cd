"""Models as PyTorch modules, live or as source.  PyTorch is imported only when a function here is called."""
