"""Every engine against brute force that shares nothing with it: run `python -m benchmarks.validate`."""
