"""Summaries, weights and verifications as tables and data: values in, text out."""
