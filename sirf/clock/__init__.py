"""Clocks: recovery from the data, frequency offset and spread spectrum, jitter tolerance masks."""
