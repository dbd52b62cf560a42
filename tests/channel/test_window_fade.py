"""How the window of a prepared response ends."""

from __future__ import annotations

import numpy as np
import pytest

import sirf
from sirf.channel.response import fade, prepare
from sirf.channel.transfer import Transfer


@pytest.mark.parametrize("length", ["60 mm", "200 mm"])
def test_every_window_fades_over_its_last_eight_ui_before_as_many_zeros(length: str) -> None:
    """Against the raised cosine over the whole window, however long that is: what lies before it is one."""
    through = sirf.paths.pluggable(length=length, rate_class="100g").to_channel().through
    found = prepare(Transfer(through.frequency, through.s[:, 1, 0]), symbol_rate=53.125e9, samples_per_ui=8)
    wave = np.fft.irfft(found.value, n=found.n_samples)
    ui_before_end = (found.n_samples - np.arange(found.n_samples)) / 8
    whole = 0.5 - 0.5 * np.cos(np.pi * np.clip(ui_before_end / 8.0 - 1.0, 0.0, 1.0))
    np.testing.assert_array_equal(fade(8), whole[-128:])
    assert not fade(8).flags.writeable
    assert np.all(whole[:-128] == 1.0)
    assert np.abs(wave[-64:]).max() < 1e-15 * np.abs(wave).max()
    assert np.abs(wave[-128:-64]).max() > 1e-9 * np.abs(wave).max()
