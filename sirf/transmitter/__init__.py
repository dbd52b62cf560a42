"""What the transmitter does to the symbols: equaliser, edge, jitter, noise."""
