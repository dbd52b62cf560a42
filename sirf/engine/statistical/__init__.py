"""The statistical engine: the eye as probability, exact to tails far below 1e-15."""
