"""What is known of a graph without running it: counts, memory, receptive fields, depth, and all of it by layer."""

from specc.analysis.summary import Layer, Summary, Totals, summarise

__all__ = ["Layer", "Summary", "Totals", "summarise"]
