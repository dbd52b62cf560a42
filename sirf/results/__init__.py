"""Result values: what engines return and faces show."""
