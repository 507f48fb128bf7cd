"""Weights: seeded by name, fixed in the text, or read from files and matched with what a model needs."""

from specc.weights.files import read
from specc.weights.initialisers import seeded
from specc.weights.match import MatchTable, Row, match
from specc.weights.tensors import Tensor, Weights
from specc.weights.write import write

__all__ = ["MatchTable", "Row", "Tensor", "Weights", "match", "read", "seeded", "write"]
