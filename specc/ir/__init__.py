"""The intermediate representation: a validated graph of layers."""

from specc.ir.graph import Graph, GraphInput, GraphOutput, Node

__all__ = ["Graph", "GraphInput", "GraphOutput", "Node"]
