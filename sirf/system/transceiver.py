"""Energy per bit of a host's transmitter and receiver by modulation: what works once a symbol, and what once a bit."""

from __future__ import annotations

import math

from sirf.errors import SirfError
from sirf.system.energy import LOSS_LIMIT_DB
from sirf.system.port import Range
from sirf.system.tables import energy_table
from sirf.units import Given, parse_data_rate

PAM4_BITS = 2.0
"""Bits of a symbol for which the constants of `data/energy` hold."""
PER_SYMBOL = (0.0, 0.5, 1.0)
"""Least, usual and greatest part of a receiver's constant that works once a symbol: converter, equaliser and clocks (E)."""


def serdes_energy(
    serdes: str, insertion_loss_db: float, *, data_rate: Given, bits_per_symbol: float = PAM4_BITS
) -> Range:
    """pJ a line bit of one transmitter and receiver of class `serdes` over `insertion_loss_db` at half its symbol rate.

    a + b x loss of `data/energy/architectures.toml`, which hold for PAM4. Of a the part `PER_SYMBOL` works at the symbol rate,
    and so takes 2 / `bits_per_symbol` a bit; the rest, serialiser and logic, goes by the bit. An estimate: low and high take the
    low and the high constants with whichever part gives less or more. Raises `SirfError` for an unknown class or values out of
    range.

    >>> serdes_energy("dsp", 30.0, data_rate=425e9, bits_per_symbol=3.0).value < serdes_energy("dsp", 30.0, data_rate=425e9).value
    True
    """
    known = energy_table().serdes
    if serdes not in known:
        raise SirfError(f"serdes must be one of {', '.join(known)}, got {serdes!r}. Use 'dsp'.")
    if not (math.isfinite(insertion_loss_db) and math.isfinite(bits_per_symbol) and bits_per_symbol > 0.0):
        raise SirfError(
            f"loss and bits_per_symbol must be finite, bits above 0, got {insertion_loss_db} and {bits_per_symbol}. "
            "Use 2 for PAM4."
        )
    # the loss is read off a channel at any symbol rate, and may lie outside what the line was fitted to: its ends hold there
    record, loss = known[serdes], min(max(insertion_loss_db, 0.0), LOSS_LIMIT_DB)
    scale = (parse_data_rate(data_rate) / (1e9 * energy_table().reference_rate_gbps)) ** record.rate_exponent
    # more bits a symbol, fewer symbols a bit: the part that works once a symbol is paid less often
    ratio = PAM4_BITS / bits_per_symbol

    def of(index: int, share: float) -> float:
        # the loss term is left as it is: an equaliser's work goes by the loss at half the symbol rate, which the caller
        # states
        constant = record.a_pj_per_bit[index] * (1.0 - share + share * ratio)
        return float((constant + record.b_pj_per_bit_per_db[index] * loss) * scale)

    least, usual, greatest = PER_SYMBOL
    # below two bits a symbol a greater part makes it dearer, above cheaper: either end may be the extreme
    return Range(of(1, usual), min(of(0, least), of(0, greatest)), max(of(2, least), of(2, greatest)))
