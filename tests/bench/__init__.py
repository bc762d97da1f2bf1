"""Benchmarks: ``make bench`` prints one JSON line each, every figure beside a limit measured in the same run."""
