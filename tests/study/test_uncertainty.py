"""The sampled band of reach against direct sampling: all inputs drawn at once, the whole link equalised and decided anew."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from sirf.study.ratio_length import RatioLength
from sirf.study.rule import rule_of
from sirf.study.ruled_reach import RuledReach
from sirf.study.subject import ArchitectureSubject
from sirf.study.uncertainty import SHORTER, reach_uncertainty
from sirf.system.architecture import load_architecture
from sirf.system.corners import Corner, ranges

LENGTH, SAMPLES = 0.15, 20


def test_the_band_is_that_of_direct_sampling() -> None:
    """Linear light at 150 mm: shifts of reach by the full model, inputs triangular over their ranges, most likely at nominal."""
    architecture = load_architecture("cpo-linear")
    subject = ArchitectureSubject(architecture=architecture, data_rate=106.25e9)
    rule = rule_of("own", architecture, 106.25e9)
    (limit,) = rule.limits
    reach = RuledReach(length_m=LENGTH, limit="ber", budget_m=LENGTH, bound_by="ber", tolerance=0.02)
    band = reach_uncertainty(subject, rule, reach)
    assert band is not None
    shares = {one.name: one for one in band.inputs}

    here, shorter = (RatioLength(subject, limit).margin(length) for length in (LENGTH, SHORTER * LENGTH))
    slope = (shorter - here) / -math.log(SHORTER)
    optics = architecture.optics_at(106.25e9)
    assert optics is not None
    nominal = {
        "copper_temperature_c": 25.0,  # the path is all substrate, whose copper by the COM formulas has none
        "laser_power_db": 0.0,
        "intensity_noise_db": 0.0,
        "amplifier_noise": 1.0,
        "responsivity": 1.0,
        "fibre_loss_db_per_km": optics.path.fibre.loss_db_per_km,
        "connector_loss_db": optics.path.connectors[0].loss_db,
    }
    generator = np.random.default_rng(7)
    direct, summed = np.zeros(SAMPLES), np.zeros(SAMPLES)
    for sample in range(SAMPLES):
        drawn: dict[str, float] = {}
        for name, best, worst, *_ in ranges():
            place = float(generator.triangular(-1.0, 0.0, 1.0))
            drawn[name] = nominal[name] + abs(place) * ((best if place > 0.0 else worst) - nominal[name])
            low, high = (math.log(1e-3 * end / LENGTH) for end in (shares[name].worst_mm, shares[name].best_mm))
            summed[sample] += 0.5 * (high - low) * place + 0.5 * (high + low) * place**2
        varied = dataclasses.replace(subject, inputs=Corner(**drawn))
        direct[sample] = (RatioLength(varied, limit).margin(LENGTH) - here) / slope

    # sample by sample, so that the error of few samples drops out: the sum of shifts is the whole model's to a fifth of the band
    spread = float(direct.std(ddof=1))
    assert spread > 0.005
    assert summed.std(ddof=1) == pytest.approx(spread, rel=0.15)
    assert abs(float(np.mean(summed - direct))) < 0.15 * spread
    assert float(np.sqrt(np.mean((summed - direct) ** 2))) < 0.25 * spread
    # nine of ten lie within the band: of 20 at least 14 but for one case in four hundred
    lengths = 1e3 * LENGTH * np.exp(direct)
    inside = int(np.sum((lengths >= band.low_mm) & (lengths <= band.high_mm)))
    assert 14 <= inside < SAMPLES + 1
    # the ends are the direct quantiles within three standard errors, 1.7 deviations over the root of the number
    assert math.log(band.high_mm / band.low_mm) == pytest.approx(
        3.3 * spread, abs=3.0 * 2.4 * spread / math.sqrt(SAMPLES)
    )
