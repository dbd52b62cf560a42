"""Energy of a host's transmitter and receiver by modulation, against the line that the data state."""

from __future__ import annotations

import pytest

from sirf.errors import SirfError
from sirf.system.energy import energy_pj_per_bit
from sirf.system.tables import energy_table
from sirf.system.transceiver import PER_SYMBOL, serdes_energy

RATE = 106.25e9


def test_pam4_is_the_line_that_architectures_pay() -> None:
    """Two bits a symbol: a + b x loss, as `energy_pj_per_bit` has it for a host of this class."""
    record = energy_table().serdes["dsp"]
    found = serdes_energy("dsp", 20.0, data_rate=RATE)
    assert found.value == pytest.approx(record.a_pj_per_bit[1] + 20.0 * record.b_pj_per_bit_per_db[1], rel=1e-12)
    host = energy_table().architecture["pluggable-retimed"].serdes
    assert serdes_energy(host, 20.0, data_rate=RATE).value == pytest.approx(
        energy_pj_per_bit("pluggable-retimed", 20.0, data_rate=RATE).serdes, rel=1e-12
    )


@pytest.mark.parametrize(("bits", "ratio"), [(1.0, 2.0), (2.5, 0.8), (3.0, 2.0 / 3.0)])
def test_only_the_part_that_works_once_a_symbol_follows_the_bits(bits: float, ratio: float) -> None:
    least, usual, greatest = PER_SYMBOL
    a, b = energy_table().serdes["dsp"].a_pj_per_bit, energy_table().serdes["dsp"].b_pj_per_bit_per_db
    found = serdes_energy("dsp", 10.0, data_rate=RATE, bits_per_symbol=bits)
    assert found.value == pytest.approx(a[1] * (1.0 - usual + usual * ratio) + 10.0 * b[1], rel=1e-12)
    ends = [a[2] * (1.0 - share + share * ratio) + 10.0 * b[2] for share in (least, greatest)]
    assert found.high == pytest.approx(max(ends), rel=1e-12)
    assert found.low < found.value < found.high


def test_rate_scales_by_the_power_of_its_class() -> None:
    exponent = energy_table().serdes["dsp"].rate_exponent
    once, twice = (serdes_energy("dsp", 10.0, data_rate=rate).value for rate in (RATE, 2.0 * RATE))
    assert twice / once == pytest.approx(2.0**exponent, rel=1e-12)


def test_bad_input_is_named() -> None:
    with pytest.raises(SirfError, match="serdes must be one of"):
        serdes_energy("none", 10.0, data_rate=RATE)
    with pytest.raises(SirfError, match="bits above 0"):
        serdes_energy("dsp", 10.0, data_rate=RATE, bits_per_symbol=0.0)
