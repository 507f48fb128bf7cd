"""ONNX's own backend tests, run through import and the NumPy interpreter: cases written by others."""

from specc.conformance.backend import Declined, Prepared, SpeccBackend
from specc.conformance.cases import OPERATORS, Outcome, cases, judged

__all__ = ["OPERATORS", "Declined", "Outcome", "Prepared", "SpeccBackend", "cases", "judged"]
