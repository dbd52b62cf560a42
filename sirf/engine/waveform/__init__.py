"""The waveform engine: bit by bit at several samples a symbol."""
