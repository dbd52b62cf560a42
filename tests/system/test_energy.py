"""Energy against the published figures that were not put in, with their deviation."""

from __future__ import annotations

import pytest

from sirf.errors import SirfError
from sirf.system.energy import energy_pj_per_bit, list_architectures


def test_published_anchors_lie_inside_the_ranges() -> None:
    """OSFP retimed 19 pJ/b (panel), XSR about 1 pJ/b, CPO port 5.5 W per 800G = 6.9 pJ/b."""
    retimed = energy_pj_per_bit("pluggable-retimed", 16.0)
    assert retimed.module == pytest.approx(16.0 / 0.8)
    assert retimed.low <= 23 <= retimed.high
    cpo = energy_pj_per_bit("cpo-retimed", 5.0)
    assert cpo.serdes == pytest.approx(1.0, abs=0.15)
    assert cpo.low <= 5.5 / 0.8 <= cpo.high


def test_energy_grows_with_loss_and_falls_from_faceplate_to_package() -> None:
    assert energy_pj_per_bit("npo", 10.0).value > energy_pj_per_bit("npo", 5.0).value
    values = [
        energy_pj_per_bit(name, loss).value
        for name, loss in (("cpo-retimed", 5), ("npo", 8), ("pluggable-retimed", 20))
    ]
    assert values == sorted(values)
    for name in list_architectures():
        energy = energy_pj_per_bit(name, 10.0)
        assert energy.low < energy.value < energy.high


def test_bad_input_is_refused() -> None:
    with pytest.raises(SirfError, match="loss_db must be between"):
        energy_pj_per_bit("npo", -1.0)
    with pytest.raises(SirfError, match="architecture must be one of"):
        energy_pj_per_bit("carrier-pigeon", 1.0)
