"""Benchmarks and validation: each script runs by itself."""
