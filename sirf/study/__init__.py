"""Studies: the same question asked of many links."""
