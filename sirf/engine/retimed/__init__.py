"""Links in series, each of which decides and sends its decisions again."""
