"""Verification: ONNX Runtime against the NumPy interpreter, layer by layer and end to end."""

from specc.verify.report import LayerResult, OutputResult, Report
from specc.verify.verify import verify

__all__ = ["LayerResult", "OutputResult", "Report", "verify"]
