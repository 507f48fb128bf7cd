"""The NumPy interpreter.  It reads the graph and shares nothing with the lowering, whose results it judges."""

from specc.interpreter.binding import bind, canonical, spoken
from specc.interpreter.interpret import cast, evaluate, interpret
from specc.interpreter.pixels import normalised

__all__ = ["bind", "canonical", "cast", "evaluate", "interpret", "normalised", "spoken"]
