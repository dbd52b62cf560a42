"""Settings of a Channel Operating Margin run and their sources: official workbooks and presets."""
