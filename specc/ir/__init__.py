"""The intermediate representation: a validated graph of layers, and elaboration from syntax to it."""

from specc.ir.graph import Graph, GraphInput, GraphOutput, Node

__all__ = ["Graph", "GraphInput", "GraphOutput", "Node"]
