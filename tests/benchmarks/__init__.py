"""How fast a training is, beside other ways of computing the same: ``python -m tests.benchmarks``."""
