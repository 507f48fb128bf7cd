"""Findings about a spec: codes, values, rendering and explanations."""

from specc.diagnostics.codes import CODES
from specc.diagnostics.diagnostic import Diagnostic, Label, Severity, has_errors

__all__ = ["CODES", "Diagnostic", "Label", "Severity", "has_errors"]
