"""Inner loops: arrays in, arrays out, compiled by numba."""
