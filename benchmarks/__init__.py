"""What specc costs, each figure beside a rival or a limit measured in the same run: `python -m benchmarks`."""
