"""Graphs as the text of specs, with branches, loops and blocks where they make it shorter."""

from specc.decompile.decompile import decompile
from specc.decompile.follow import Spec, spec_of

__all__ = ["Spec", "decompile", "spec_of"]
