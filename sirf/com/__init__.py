"""Channel Operating Margin, IEEE 802.3 Annexes 93A and 178A."""
