"""Running models: sessions, devices, input and output files.

Architecture invariant: nothing outside this package imports onnxruntime.
"""
