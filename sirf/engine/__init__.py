"""The ground of the engines and one wing for each of them: a link in, a result out, one verb per file."""
