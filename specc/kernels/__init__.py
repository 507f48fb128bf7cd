"""NumPy computations and error bounds, in the precision of their operands.

Architecture invariant: nothing here imports `specc.ops` or `specc.onnx`; see `specc/ops/base.py`.
"""
