"""Reports on disk: JSON, pictures, one self-contained page."""

from sirf.report.comparison import write_comparison

__all__ = ["write_comparison"]
