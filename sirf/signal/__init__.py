"""Symbols: PAM levels, Gray mapping, test patterns."""
