"""Links through the curves of an optical path: large signals from the driver to the slicer."""
