"""Colours that colour-blind readers tell apart (Okabe and Ito, 2008), and greys."""

BLUE, ORANGE, GREEN, PINK, SKY, AMBER = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"
DARK, MIDDLE, PALE = "0.15", "0.4", "0.6"
