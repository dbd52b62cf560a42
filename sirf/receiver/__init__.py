"""What the receiver does to the signal: filters, equalisers, noise."""
