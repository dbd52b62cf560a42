"""Architectures, energy, latency and density."""
