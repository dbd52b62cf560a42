"""The counting engine: errors counted at one sample a symbol."""
