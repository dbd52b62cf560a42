"""Channel Operating Margin: settings, the steps of Annexes 93A and 120G, and the search over the reference equaliser."""
