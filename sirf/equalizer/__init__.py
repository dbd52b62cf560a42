"""Choosing the equaliser of a link: by figure of merit, by error ratio, and in closed form (MMSE)."""
