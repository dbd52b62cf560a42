"""The period that passes the curves side by side against the chain in double precision, course by course."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import fft

from sirf.engine.front_end import front_end
from sirf.engine.light import large_signal, period_waves
from sirf.engine.light.averaged_chain import averaged
from sirf.engine.light.light_chain import SAMPLES_PER_UI, periodic
from sirf.engine.light.linear_waves import LinearWaves
from sirf.engine.light.period_waves import PeriodWaves
from sirf.engine.statistical.analysis import InterferenceModel
from tests.engine.light.test_large_signal import shipped


@pytest.mark.parametrize(
    ("name", "per_ui", "exact"),
    # what half the samples leave out, a hundredth of the least noise; rounding of single precision, a thousandth
    [("cpo-silicon-ring", 4, 3e-4), ("sr-vcsel", 8, 3e-6), ("fr-eml", 8, 3e-6)],
)
def test_every_course_arrives_as_the_chain_sends_it(
    name: str, per_ui: int, exact: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    if per_ui == SAMPLES_PER_UI:
        # nothing is that exact: all samples are taken
        monkeypatch.setattr(period_waves, "MAX_THINNING_ERROR", 0.0)
    period_waves._samples_per_ui.cache_clear()
    link = shipped(name, "802.3ck-kr1").placed()
    m = link.samples_per_ui
    period, whole = PeriodWaves(link, front_end(link)), averaged(link)
    period_waves._samples_per_ui.cache_clear()
    assert period.per_ui == per_ui
    drive = whole.chain.drive
    sent = [whole.drive]
    for moves, bends in zip(period.moves, period.bends, strict=True):
        added = periodic(drive.edge, drive.sampling, moves) + periodic(drive.edge_slope, drive.sampling, bends)
        sent.append(whole.drive + added)
    assert len(sent) == period.courses == 3
    for samples in (0, 3, -m - 1):
        seen = period.at_instants(samples, m)
        for course, volts in zip(seen, sent, strict=True):
            expected = np.roll(whole.chain.run(volts).slicer, -samples)[::m]
            assert course == pytest.approx(expected, abs=exact * float(np.ptp(seen)))
    fewer = SAMPLES_PER_UI // per_ui
    current, power = whole.waves.current[::fewer], whole.waves.power[::fewer]
    assert period.current[0] == pytest.approx(current, abs=10.0 * exact * float(np.ptp(current)))
    assert period.power[0] == pytest.approx(power, abs=10.0 * exact * float(np.ptp(power)))


def test_rounding_of_the_instants_moves_tails_by_less_than_a_hundred_thousandth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of the same spectra, transformed back in double precision, and of a linear chain in double precision beside them:
    logarithms of tails down to 1e-15."""
    link = shipped("cpo-silicon-ring", "802.3ck-kr1")
    model, offset = InterferenceModel(link), 5
    found = model.at(offset)

    def exact(self: PeriodWaves, samples: int, samples_per_ui: int) -> NDArray[np.float64]:
        spectra, size = self._spectra[: self.courses].astype(complex), self.per_ui * len(self.sent)
        spectra[:, -1] = 0.0
        spectra *= np.exp(2j * np.pi * samples / (samples_per_ui * len(self.sent)) * np.arange(spectra.shape[1]))
        return np.asarray(fft.irfft(spectra, size)[:, :: self.per_ui] - self.chain.offset)

    monkeypatch.setattr(PeriodWaves, "at_instants", exact)
    monkeypatch.setattr(large_signal, "LinearWaves", lambda rows: LinearWaves(rows.astype(float)))
    expected = InterferenceModel(link).at(offset)
    for one, other in ((found.log_tail, expected.log_tail), (found.lower_log_tail, expected.lower_log_tail)):
        counted = other > np.log(1e-15)
        assert np.abs(one - other)[counted].max() < 1e-5
        assert counted.any(axis=1).all()
