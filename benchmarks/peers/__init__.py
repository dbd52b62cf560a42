"""Other tools on the same input, each in an environment of its own: speed and whether the answers agree."""
