"""ONNX files read back: nodes and initialisers to a graph of our operations and its weights."""

from specc.onnx.importer.load import ImportLimits
from specc.onnx.importer.read import Imported, annotated, read_model

__all__ = ["ImportLimits", "Imported", "annotated", "read_model"]
