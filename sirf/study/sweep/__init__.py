"""Studies of thousands of links: axes and tolerances, cases on any executor, results that survive, and what they say."""
