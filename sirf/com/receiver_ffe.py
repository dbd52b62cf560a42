"""Annex 178A's receiver as an answer beside those of Annex 93A."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sirf.com import annex_178a
from sirf.com.answer import Answer
from sirf.com.arriving_noise import arriving_sigmas
from sirf.com.config.settings import ComSettings, Revision
from sirf.com.interference import transmitter_equalized
from sirf.com.ledger import SlicerTerms, ledger_terms
from sirf.com.reference_receiver import CaseReceiver, reference_receiver
from sirf.com.responses import PathResponse
from sirf.com.search import reported_taps
from sirf.com.sequence_margin import SequenceMargin, sequence_margin
from sirf.com.slicer_noise import SLICER_CREST, SlicerNoise, slicer_noise
from sirf.errors import ConfigError, NoSettingError
from sirf.execution import stage
from sirf.results.ledger import MarginLedger
from sirf.results.margin import EqualizerChoice
from sirf.units import db20

_COMPARED: dict[Revision, Revision] = {"4.50": "4.17", "4.17": "d3.3", "d3.3": "4.17"}
"""The revision whose margin stands beside the one asked for."""
_WORTH_SAYING_DB = 0.1


def answers_with_receiver_ffe(
    paths: tuple[PathResponse, ...], settings: ComSettings, *, detailed: bool = True
) -> list[Answer]:
    """The answer of the search asked for; after a local search that of the full grid too, where it differs.

    Without `detailed` there is no ledger, nor what another revision would give.

    Raises `SirfError` where no setting passes.
    """
    receiver = reference_receiver(paths, settings)
    return [_answer(receiver, choice, method, detailed) for choice, method in _found(receiver)]


def choice_with_receiver_ffe(paths: tuple[PathResponse, ...], settings: ComSettings) -> EqualizerChoice:
    """Setting and margin alone of the search asked for. Raises `SirfError` where no setting passes."""
    receiver = reference_receiver(paths, settings)
    return choice_at(receiver, *_found(receiver)[0])


def choice_at(receiver: CaseReceiver, choice: annex_178a.FoundReceiver, method: str) -> EqualizerChoice:
    """The margin of a setting that the search called `method` has found, without its distributions."""
    return _equalizer_choice(receiver, choice, method, _com_db(*_margin(receiver, choice)))


def _found(receiver: CaseReceiver) -> list[tuple[annex_178a.FoundReceiver, str]]:
    """Settings of the search asked for, and of the full grid after a local search where it differs, by their methods."""
    _check(receiver)
    settings = receiver.settings
    searches = 2 if settings.local_search else 1
    with stage("", 0, searches):
        choices = [(annex_178a.search(receiver, local=False), "full grid")]
    if settings.local_search:
        # the full grid runs after a local search as well, and shows what it has missed
        kind = "adaptive search" if settings.adaptive_search else "local search"
        with stage("", 1, searches):
            local = annex_178a.search(receiver, local=True)
        choices = [(local, f"{kind} {settings.local_search}"), *choices]
    found = [(choice, method) for choice, method in choices if choice is not None]
    if not found:
        raise NoSettingError(
            f"some equaliser setting must pass for {receiver.paths[0].name or 'the channel'}, got none: the transmitter's grid "
            "is empty or every receiver is out of its limits. Widen the grid."
        )
    if len(found) > 1 and _same(found[0][0], found[1][0]):
        found = found[:1]
    return found


def _check(receiver: CaseReceiver) -> None:
    settings = receiver.settings
    if settings.receiver.detector.mlse and settings.receiver.dfe.taps != 1:
        raise ConfigError(
            f"{settings.name}: N_b must be 1 for MLSE, got {settings.receiver.dfe.taps}. Set N_b to 1 or MLSE to 0."
        )


def _same(first: annex_178a.FoundReceiver, second: annex_178a.FoundReceiver) -> bool:
    return (first.g_dc, first.g_dc2, first.row, first.receiver.sample) == (
        second.g_dc,
        second.g_dc2,
        second.row,
        second.receiver.sample,
    )


def _margin(
    receiver: CaseReceiver, choice: annex_178a.FoundReceiver
) -> tuple[SlicerNoise, float, SequenceMargin | None]:
    """Noise at the slicer, A_ni in V, and what sequence detection adds where the settings have it."""
    settings = receiver.settings
    noise = slicer_noise(receiver, choice.gains, choice.taps, choice.receiver)
    sequence = None
    if settings.receiver.detector.mlse:
        sequence = sequence_margin(noise, float(choice.receiver.b[0]), settings, receiver.rules)
    return noise, noise.total.magnitude_at(settings.der0), sequence


def _com_db(noise: SlicerNoise, interference: float, sequence: SequenceMargin | None) -> float:
    return float(db20(noise.signal / interference)) + (0.0 if sequence is None else sequence.gain_db)


def _other_revision(receiver: CaseReceiver, choice: annex_178a.FoundReceiver, com_db: float) -> dict[str, float]:
    """COM by the other revision at the same transmitter and CTLE setting, where it differs enough to say so."""
    settings, ctle = receiver.settings, receiver.settings.receiver.ctle
    revision = _COMPARED[receiver.rules.revision]
    alone = replace(
        settings,
        revision=revision,
        receiver=replace(
            settings.receiver,
            # at the setting found alone: another revision is compared, not searched
            ctle=replace(ctle, g_dc_db=(choice.gains[0],), g_dc2_db=(choice.gains[1],), ranges=(), least_sum_db=0.0),
        ),
    )
    beside = reference_receiver(receiver.paths, alone, taps=choice.taps[None, :])
    other = annex_178a.search(beside, local=False)
    if other is None:
        return {}
    noise, interference, sequence = _margin(beside, other)
    value = _com_db(noise, interference, sequence)
    return {revision: value} if abs(value - com_db) > _WORTH_SAYING_DB else {}


def _ledger(
    noise: SlicerNoise,
    interference: float,
    sequence: SequenceMargin | None,
    choice: annex_178a.FoundReceiver,
    settings: ComSettings,
) -> MarginLedger:
    parts = SlicerTerms(
        signal=noise.signal,
        gaussian={
            **noise.noise_sources,
            "transmitter noise": noise.sigma_tx,
            "random jitter": noise.sigma_rj,
        },
        distributions={
            "residual interference": noise.isi,
            "crosstalk": noise.crosstalk,
            "dual-Dirac jitter": noise.dual_dirac,
            "converter": noise.rounding,
        },
        crest=settings.noise_crest_factor or SLICER_CREST,
        bin_size=noise.total.bin_size,
    )
    taps, cursor = choice.receiver.taps, choice.receiver.cursor
    return MarginLedger(
        signal_mv=noise.signal * 1e3,
        interference_mv=interference * 1e3,
        feedback_com_db=float(db20(noise.signal / interference)),
        terms=ledger_terms(parts, settings.der0),
        sequence_gain_db=None if sequence is None else sequence.gain_db,
        sequence_note="" if sequence is None else sequence.note,
        ffe_taps={k - cursor: float(tap) for k, tap in enumerate(taps) if tap != 0.0},
        floating=choice.receiver.floating,
        clipping_mv=noise.clipping * 1e3,
        step_mv=noise.step * 1e3,
    )


def _equalizer_choice(
    receiver: CaseReceiver, choice: annex_178a.FoundReceiver, method: str, com_db: float
) -> EqualizerChoice:
    ctle = receiver.settings.receiver.ctle
    return EqualizerChoice(
        method=method,
        fom_db=choice.fom_db,
        com_db=com_db,
        ctle_db=choice.gains,
        tx_taps=reported_taps(receiver.settings, choice.taps),
        # samples count from 1, as in the reference code
        sampling_index=choice.receiver.sample + 1,
        evaluated=choice.evaluated,
        path=tuple((ctle.g_dc_db[i], ctle.g_dc2_db[j], fom) for i, j, fom in choice.path),
    )


def _answer(receiver: CaseReceiver, choice: annex_178a.FoundReceiver, method: str, detailed: bool) -> Answer:
    settings, m, found = receiver.settings, receiver.settings.samples_per_ui, choice.receiver
    noise, interference, sequence = _margin(receiver, choice)
    com_db = _com_db(noise, interference, sequence)
    # all but the crosstalk, for the margin without it
    quiet = (noise.isi + (noise.gaussian + noise.dual_dirac) + noise.rounding).magnitude_at(settings.der0)
    behind = receiver.responses(choice.gains)
    # tap k of the FFE stands k - main UI after the cursor
    offsets = tuple(k - found.cursor for k in range(found.taps.size))
    # FEXT transmitters have the victim's taps; NEXT comes as it is
    through_tx = [transmitter_equalized(x, choice.taps, receiver.grid.offsets, m) for x in behind.fext]
    aggressors = [transmitter_equalized(x, found.taps, offsets, m) for x in (*through_tx, *behind.next)]
    return Answer(
        choice=_equalizer_choice(receiver, choice, method, com_db),
        signal=noise.signal,
        interference=interference,
        com_no_crosstalk_db=_com_db(noise, quiet, sequence),
        eye=None,
        dfe_taps=np.asarray(found.b),
        floating_taps=(),
        rx_ffe_taps=tuple(float(tap) for tap in found.taps),
        rx_ffe_cursor=found.cursor,
        rx_ffe_floating=found.floating,
        sigmas={
            "isi": noise.isi.sigma,
            "crosstalk": noise.crosstalk.sigma,
            "dual_dirac": noise.dual_dirac.sigma,
            "random_jitter": noise.sigma_rj,
            "noise": noise.sigma_n,
            **arriving_sigmas(noise.noise_sources),
            "transmitter": noise.sigma_tx,
            "gaussian": noise.sigma_g,
            "converter": noise.sigma_q,
        },
        pulses=(noise.pulse, *aggressors),
        distributions={
            "isi": noise.isi,
            "crosstalk": noise.crosstalk,
            "dual_dirac": noise.dual_dirac,
            "gaussian": noise.gaussian,
            "converter": noise.rounding,
            "total": noise.total,
            **{f"aggressor {n}": part for n, part in enumerate(noise.aggressors, start=1)},
        },
        mlse_gain_db=None if sequence is None else sequence.gain_db,
        revision=receiver.rules.revision,
        other_revisions=_other_revision(receiver, choice, com_db) if detailed else {},
        ledger=_ledger(noise, interference, sequence, choice, settings) if detailed else None,
    )
