from __future__ import annotations

import pytest

from sirf.errors import SirfError
from sirf.transmitter.aggressor import Aggressor
from tests.engine.links import flat_link


def test_an_aggressor_may_launch_its_own_amplitude() -> None:
    link = flat_link("PAM4", sigma=0.1, crosstalk=(0.1, 0.2))
    assert link.launch_amplitudes() == (1.0, 1.0, 1.0)
    loud = link.replace(aggressors=(Aggressor(amplitude=0.5), Aggressor()))
    assert loud.launch_amplitudes() == (1.0, 0.5, 1.0)
    assert loud.digest != link.digest
    assert loud.replace(symbol_rate=9e9).aggressors == loud.aggressors


def test_settings_that_do_not_fit_the_channel_are_refused() -> None:
    with pytest.raises(SirfError, match="one for each of the 1 FEXT and NEXT"):
        flat_link("PAM4", sigma=0.1, crosstalk=(0.1,)).replace(aggressors=())


def test_impossible_aggressors_are_refused() -> None:
    with pytest.raises(SirfError, match="amplitude"):
        Aggressor(amplitude=-1.0)
    with pytest.raises(SirfError, match="rate_offset_ppm"):
        Aggressor(rate_offset_ppm=1e5)
    with pytest.raises(SirfError, match="phase_ui"):
        Aggressor(phase_ui=1.0)
