"""Graphs to ONNX files and back.  Architecture invariant: nothing outside this package imports onnx."""

from specc.onnx.emit import OPSETS, emit, emit_model
from specc.onnx.read import read_model
from specc.onnx.write import to_bytes, write_model

__all__ = ["OPSETS", "emit", "emit_model", "read_model", "to_bytes", "write_model"]
