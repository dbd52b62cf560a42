"""Engines: a link in, a result out, one verb per file."""
