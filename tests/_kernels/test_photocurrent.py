"""Currents of a photodiode against NumPy's arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

import sirf._kernels.photocurrent as module
from tests._kernels.plain import plain_module


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_currents_are_those_of_light_that_is_never_negative(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    kernels, rng = plain_module(monkeypatch, module), np.random.default_rng(4)
    power, beats, intensity, thermal = (rng.normal(size=40).astype(kind) for _ in range(4))
    power = np.abs(power)
    responsivity, dark, middle, relative, shot, always = constants = np.array([0.7, 0.01, 0.4, 0.05, 0.2, 0.3], kind)
    current, white = np.empty_like(power), np.empty_like(power)
    kernels.noisy_currents(power, beats, intensity, thermal, current, white, constants)
    assert (power + beats < 0.0).any()
    steady = responsivity * power + dark
    meant = responsivity * np.maximum(power + beats, 0.0) + dark - middle + relative * steady * intensity
    np.testing.assert_allclose(current, meant, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(white, np.sqrt(shot * steady + always) * thermal, rtol=1e-5)
    # a dark current that is drawn off leaves the amplifier's noise alone
    constants[1] = -9.0
    kernels.noisy_currents(power, beats, intensity, thermal, current, white, constants)
    np.testing.assert_allclose(white, np.sqrt(always) * thermal, rtol=1e-5)
