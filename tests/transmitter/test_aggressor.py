from __future__ import annotations

import dataclasses

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


@pytest.mark.parametrize(("name", "value"), [("amplitude", -1.0), ("rate_offset_ppm", 1e5), ("phase_ui", 1.0)])
def test_impossible_aggressors_are_refused(name: str, value: float) -> None:
    with pytest.raises(SirfError, match=name):
        dataclasses.replace(Aggressor(), **{name: value})
