"""Frequency-domain networks, and the one way into the time domain."""
