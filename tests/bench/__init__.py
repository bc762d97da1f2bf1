"""Benchmarks: ``make bench`` prints one JSON line each, every figure beside a limit measured in the same run."""

import os

#: The most that is measured of anything. ``PONTE_BENCH_SAMPLE`` makes it smaller, to see that the benchmarks run.
SAMPLE = int(os.environ.get("PONTE_BENCH_SAMPLE", "5000"))
