"""Annex 178A's receiver as an answer beside those of Annex 93A."""

from __future__ import annotations

import numpy as np

from sirf.com import annex_178a
from sirf.com.answer import Answer
from sirf.com.config.settings import ComSettings
from sirf.com.interference import transmitter_equalized
from sirf.com.responses import PathResponse
from sirf.com.search import reported_taps, transmitter_grid
from sirf.errors import NoSettingError
from sirf.results.margin import EqualizerChoice
from sirf.units import db20


def answers_with_receiver_ffe(paths: tuple[PathResponse, ...], settings: ComSettings) -> list[Answer]:
    """The answer of the search asked for; after a local search that of the full grid too, where it differs.

    Raises `SirfError` where no setting passes.
    """
    choices = [(annex_178a.choose(paths, settings, local=False), "full grid")]
    if settings.local_search:
        local = annex_178a.choose(paths, settings, local=True)
        choices = [(local, f"local search {settings.local_search}"), *choices]
    found = [(choice, method) for choice, method in choices if choice is not None]
    if not found:
        raise NoSettingError(
            f"some equaliser setting must pass for {paths[0].name or 'the channel'}, got none: the transmitter's grid is empty "
            "or every receiver is out of its limits. Widen the grid."
        )
    if len(found) > 1 and _same(found[0][0], found[1][0]):
        found = found[:1]
    return [_answer(paths, settings, choice, method) for choice, method in found]


def _same(first: annex_178a.Choice, second: annex_178a.Choice) -> bool:
    return (first.g_dc, first.g_dc2, first.row, first.receiver.sample) == (
        second.g_dc,
        second.g_dc2,
        second.row,
        second.receiver.sample,
    )


def _answer(paths: tuple[PathResponse, ...], settings: ComSettings, choice: annex_178a.Choice, method: str) -> Answer:
    noise = annex_178a.noise_of(paths, settings, choice)
    ctle, m = settings.receiver.ctle, settings.samples_per_ui
    gains = (ctle.g_dc_db[choice.g_dc], ctle.g_dc2_db[choice.g_dc2])
    mlse = annex_178a.detector_gain(paths, settings, choice).gain_db if settings.receiver.detector.mlse else None
    interference = noise.total.magnitude_at(settings.der0)
    quiet = (noise.isi + (noise.gaussian + noise.dual_dirac)).magnitude_at(settings.der0)
    gain = mlse or 0.0
    receiver = choice.receiver
    behind = annex_178a.responses(paths, settings, gains)
    offsets = tuple(k - receiver.cursor for k in range(receiver.taps.size))
    through_tx = [transmitter_equalized(x, choice.taps, transmitter_grid(settings).offsets, m) for x in behind.fext]
    aggressors = [transmitter_equalized(x, receiver.taps, offsets, m) for x in (*through_tx, *behind.next)]
    return Answer(
        choice=EqualizerChoice(
            method=method,
            fom_db=choice.fom_db,
            com_db=float(db20(noise.signal / interference)) + gain,
            ctle_db=gains,
            tx_taps=reported_taps(settings, choice.taps),
            sampling_index=receiver.sample + 1,
            evaluated=choice.evaluated,
        ),
        signal=noise.signal,
        interference=interference,
        com_no_crosstalk_db=float(db20(noise.signal / quiet)) + gain,
        eye=None,
        dfe_taps=np.asarray(receiver.b),
        floating_taps=(),
        rx_ffe_taps=tuple(float(tap) for tap in receiver.taps),
        sigmas={
            "isi": noise.isi.sigma,
            "crosstalk": noise.crosstalk.sigma,
            "dual_dirac": noise.dual_dirac.sigma,
            "random_jitter": noise.sigma_rj,
            "noise": noise.sigma_n,
            "transmitter": noise.sigma_tx,
            "gaussian": noise.sigma_g,
        },
        pulses=(noise.pulse, *aggressors),
        distributions={
            "isi": noise.isi,
            "crosstalk": noise.crosstalk,
            "dual_dirac": noise.dual_dirac,
            "gaussian": noise.gaussian,
            "total": noise.total,
            **{f"aggressor {n}": part for n, part in enumerate(noise.aggressors, start=1)},
        },
        mlse_gain_db=mlse,
    )
