"""How fast it is, in event floors: ``python -m benchmarks``."""
