"""One package test case from channel to result: search, equalise, convolve, compare (Annexes 93A, 120G, 178A)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sirf.channel.channel import Channel
from sirf.com.answer import Answer
from sirf.com.arriving_noise import arriving_sigmas, common_mode_notes, with_common_mode
from sirf.com.channel_figures import figures_of
from sirf.com.chip_to_module import EyeSearch, WindowEye, eye_of
from sirf.com.config.settings import ComSettings
from sirf.com.distribution import crest_factor
from sirf.com.filters import ctle_transfer, receiver_filter
from sirf.com.interference import Equalized, InterferenceAndNoise, equalize, interference_and_noise
from sirf.com.ledger import SlicerTerms, ledger_terms, ledger_without_ffe, terms_by_removal
from sirf.com.receiver_ffe import answers_with_receiver_ffe, choice_with_receiver_ffe
from sirf.com.responses import PathResponse, path_responses
from sirf.com.revision import revision_of
from sirf.com.search import CaseSearch, FoundSetting, reported_taps, rising
from sirf.errors import ConfigError, NoSettingError
from sirf.execution import stage
from sirf.results.ledger import MarginLedger
from sirf.results.margin import ComResult, ComTrace, EqualizerChoice, PathTrace
from sirf.units import db20, from_db20


def margin_of_case(channel: Channel, settings: ComSettings, case: int, *, trace: bool = False) -> ComResult:
    """COM of `channel` with the packages of test case `case` (from 1).

    Raises `SirfError` where the band is too small or no setting passes, `ConfigError` for what is not supported.
    """
    _check(settings)
    settings = with_common_mode(channel, settings, case)
    paths, warnings = path_responses(channel, settings, case)
    # the answer asked for comes first; the other one, where there is one, is shown beside it
    answers = answers_of(paths, settings)
    answer = answers[0]
    other = answers[1].choice if len(answers) > 1 else None
    figures = figures_of(channel, settings)
    # of every answer, though 93A does not judge by it: readers of one report look for both
    vec, veo = _eye_figures(answer)
    nyquist = settings.symbol_rate / 2
    rate = settings.symbol_rate * settings.samples_per_ui
    time = np.arange(answer.pulses[0].size) / rate
    total = answer.distributions["total"]
    # loss at half the symbol rate, between points of the data
    gain = np.interp(nyquist, paths[0].frequency, db20(paths[0].s[:, 1, 0]))
    return ComResult(
        name=settings.name,
        channel=channel.name,
        package_case=case,
        case_name=settings.packages[case - 1].name,
        annex=settings.annex,
        com_db=answer.choice.com_db,
        com_no_crosstalk_db=answer.com_no_crosstalk_db,
        fom_db=answer.choice.fom_db,
        vec_db=vec,
        veo_mv=veo * 1e3,
        erl_db=figures.erl_db,
        erl11_db=figures.erl11_db,
        erl22_db=figures.erl22_db,
        icn_mv=None if figures.icn is None else figures.icn * 1e3,
        fom_ild_db=figures.fom_ild_db,
        fitted_loss_db=figures.fitted_loss_db,
        acbw_ghz=None if figures.apparent_bandwidth is None else figures.apparent_bandwidth / 1e9,
        skew_ps=None if figures.balance is None else figures.balance.skew * 1e12,
        scd21_worst_db=None if figures.balance is None else figures.balance.scd21_worst_db,
        conversion_loss_db=None if figures.balance is None else figures.balance.conversion_loss_db,
        insertion_loss_db=-float(gain),
        insertion_loss_channel_db=float(channel.insertion_loss_db(nyquist)),
        sampling_index=answer.choice.sampling_index,
        samples_per_ui=settings.samples_per_ui,
        ctle_db=answer.choice.ctle_db,
        tx_taps=answer.choice.tx_taps,
        dfe_taps=tuple(float(tap) for tap in answer.dfe_taps),
        floating_taps=answer.floating_taps,
        rx_ffe_taps=answer.rx_ffe_taps,
        available_signal_mv=answer.signal * 1e3,
        interference_mv=answer.interference * 1e3,
        peak_pulse_mv=float(np.max(paths[0].pulse)) * 1e3,
        der0=settings.der0,
        symbol_rate=settings.symbol_rate,
        sigmas=answer.sigmas,
        chosen=answer.choice,
        other=other,
        mlse_gain_db=answer.mlse_gain_db,
        revision=answer.revision,
        other_revisions=answer.other_revisions,
        rx_ffe_cursor_index=answer.rx_ffe_cursor,
        rx_ffe_floating_positions=answer.rx_ffe_floating,
        ledger=answer.ledger,
        passes=_passes(settings, answer.choice.com_db, vec, veo, figures.erl_db),
        pulse=(time, answer.pulses[0]),
        distribution=(total.x, total.y),
        warnings=channel.warnings + warnings + common_mode_notes(channel, settings, case),
        ignored=settings.ignored,
        trace=_trace(paths, settings, answer) if trace else None,
    )


def setting_of_case(
    channel: Channel, settings: ComSettings, case: int, *, floor_db: float | None = None
) -> EqualizerChoice:
    """COM of a test case and its equaliser setting alone, without the channel's other figures; errors as `margin_of_case`.

    `floor_db` is a figure of merit that a setting of the grid is known to reach: the answer is the same, and found sooner.
    """
    _check(settings)
    settings = with_common_mode(channel, settings, case)
    paths = path_responses(channel, settings, case)[0]
    if settings.receiver.ffe is not None:
        return choice_with_receiver_ffe(paths, settings)
    search, found = _searched(paths, settings, floor_db)
    return choice_of(search, *found[0])


def _check(settings: ComSettings) -> None:
    """Raise `ConfigError` for a setting that the settings' Annex does not have, rather than leave it out."""
    revision_of(settings)
    receiver = settings.receiver
    detector, sampling, dfe = receiver.detector, receiver.sampling, receiver.dfe
    if receiver.ffe is None:
        foreign = {
            "sample_adjustment": (f"{sampling.first} to {sampling.last}", sampling.first or sampling.last),
            "MLSE": (str(detector.mlse), detector.mlse),
            "N_qb": (f"{detector.adc_bits:g}", detector.adc_bits),
            "S_tn_w_AM": ("1", detector.noise_with_levels),
        }
        what = f"it belongs to Annex 178A, and without ffe_pre_tap_len these are settings of {settings.annex}"
    else:
        foreign = {
            "PMD_type": ("C2M", settings.c2m is not None),
            "N_b_step": (f"{dfe.step:g}", dfe.step),
            "N_tail_start": (str(dfe.tail_start), dfe.tail_start),
            "SNR_TXwC0": ("1", settings.snr_tx_with_c0),
        }
        what = "Annex 178A does not have it, and with a receiver FFE these are settings of that Annex"
    for keyword, (value, set_) in foreign.items():
        if set_:
            neutral = "C2C" if keyword == "PMD_type" else "0"
            raise ConfigError(
                f"{settings.name}: {keyword} must be {neutral}, got {value}: {what}. Set it to {neutral}."
            )


def answers_of(paths: tuple[PathResponse, ...], settings: ComSettings) -> list[Answer]:
    """The answer asked for first; where a local search was, and the full grid's differs, that beside it."""
    if settings.receiver.ffe is not None:
        return answers_with_receiver_ffe(paths, settings)
    search, found = _searched(paths, settings, None)
    return [answer_of(search, choice, method) for choice, method in found]


def _searched(
    paths: tuple[PathResponse, ...], settings: ComSettings, floor_db: float | None
) -> tuple[CaseSearch, list[tuple[FoundSetting, str]]]:
    """The settings of `answers_of` by what found them.

    The full grid is pruned from `floor_db`, a figure of merit known to be reached; by default from that of a local search.
    """
    search = CaseSearch(paths, settings)
    engine = search if settings.c2m is None else EyeSearch(search, settings.c2m)
    with stage("", 0, 2):
        # a local search is part of the answer where the workbook asks for one, and else only a floor to prune from
        local = engine.local() if settings.local_search else None
        seed = local
        if not settings.local_search and floor_db is None:
            # a good setting found fast: the full grid leaves out at once what cannot reach it
            seed = _seed(search, settings)
    if floor_db is None:
        # where no setting is known, nothing may be left out
        floor_db = -np.inf if seed is None else seed.fom_db
    with stage("", 1, 2):
        full = engine.full(floor_db=floor_db)
    if seed is not None and full is not None:
        # the full grid leaves out what is below the local search's answer: its way begins with that one's
        full = replace(full, path=rising((*seed.path, *full.path)))
    if settings.local_search:
        found = [(local, f"local search {settings.local_search}"), (full, "full grid")]
    else:
        found = [(full, "full grid")]
    choices = [(choice, method) for choice, method in found if choice is not None]
    if not choices:
        raise NoSettingError(
            f"some equaliser setting must pass for {paths[0].name or 'the channel'}, got none: no pulse has a rising edge near "
            "its peak, or every eye is below the least height. Use a channel with less loss or a wider grid."
        )
    if len(choices) > 1 and _same(choices[0][0], choices[1][0]):
        # both searches ended at one setting: one answer
        choices = choices[:1]
    return search, choices


def _seed(search: CaseSearch, settings: ComSettings) -> FoundSetting | None:
    """A good setting to prune against, by a local search of the reference's usual step; chip to module finds its own."""
    return None if settings.c2m is not None else search.with_settings(replace(settings, local_search=2)).local()


def _same(first: FoundSetting, second: FoundSetting) -> bool:
    return (first.g_dc, first.g_dc2, first.row, first.cursor) == (
        second.g_dc,
        second.g_dc2,
        second.row,
        second.cursor,
    )


def choice_of(search: CaseSearch, choice: FoundSetting, method: str) -> EqualizerChoice:
    """COM at a setting: A_s over the interference and noise at DER_0, equation (93A-1)."""
    equalized, noise = _noise_at(search, choice)
    return _reported(search, choice, method, noise, _interference(search.settings, equalized, noise)[0])


def _noise_at(search: CaseSearch, choice: FoundSetting) -> tuple[Equalized, InterferenceAndNoise]:
    settings, grid = search.settings, search.grid
    taps, number = grid.taps[choice.row], _number(search, choice)
    equalized = equalize(
        search.paths,
        settings,
        gains=_gains_db(search, choice),
        taps=taps,
        offsets=grid.offsets,
        cursor=choice.cursor,
        through=search.pulse(number),
    )
    sigma_n = float(np.sqrt(search.noise[number]))
    return equalized, interference_and_noise(equalized, settings, sigma_n=sigma_n, main_tap=float(taps[grid.main]))


def _gains_db(search: CaseSearch, choice: FoundSetting) -> tuple[float, float]:
    ctle = search.settings.receiver.ctle
    return ctle.g_dc_db[choice.g_dc], ctle.g_dc2_db[choice.g_dc2]


def _number(search: CaseSearch, choice: FoundSetting) -> int:
    # the search numbers gain settings in its own order
    return search.gains.index((choice.g_dc, choice.g_dc2))


def _interference(
    settings: ComSettings, equalized: Equalized, noise: InterferenceAndNoise, *, crosstalk: bool = True
) -> tuple[float, WindowEye | None]:
    """Interference and noise in V at DER_0, and for chip to module the eye in whose window they are."""
    if settings.c2m is None:
        return noise.magnitude_at(settings.der0, crosstalk=crosstalk), None
    eye = eye_of(
        equalized.through,
        equalized.cursor,
        settings,
        settings.c2m,
        sigma_n=noise.sigma_n,
        sigma_tx=noise.sigma_tx,
        crosstalk=noise.crosstalk if crosstalk else None,
    )
    return eye.interference, eye


def _reported(
    search: CaseSearch, choice: FoundSetting, method: str, noise: InterferenceAndNoise, interference: float
) -> EqualizerChoice:
    ctle = search.settings.receiver.ctle
    return EqualizerChoice(
        method=method,
        fom_db=choice.fom_db,
        com_db=float(db20(noise.signal / interference)),
        ctle_db=_gains_db(search, choice),
        tx_taps=reported_taps(search.settings, search.grid.taps[choice.row]),
        # samples count from 1, as in the reference code
        sampling_index=choice.cursor + 1,
        evaluated=choice.evaluated,
        path=tuple((ctle.g_dc_db[i], ctle.g_dc2_db[j], fom) for i, j, fom in choice.path),
    )


def answer_of(search: CaseSearch, choice: FoundSetting, method: str) -> Answer:
    """COM at a setting as `choice_of` finds it, with all that it is made of."""
    settings = search.settings
    equalized, noise = _noise_at(search, choice)
    sources = search.noise_sources(_number(search, choice))
    interference, eye = _interference(settings, equalized, noise)
    without, _ = _interference(settings, equalized, noise, crosstalk=False)
    feedback, fixed = equalized.feedback, settings.receiver.dfe.taps
    # taps are numbered from 1
    floating = tuple(int(n) + 1 for n in np.flatnonzero(feedback.upper) if n >= fixed)
    return Answer(
        choice=_reported(search, choice, method, noise, interference),
        signal=noise.signal,
        interference=interference,
        com_no_crosstalk_db=float(db20(noise.signal / without)),
        eye=eye,
        dfe_taps=feedback.taps,
        floating_taps=floating,
        rx_ffe_taps=(),
        sigmas={
            "isi": noise.isi.sigma,
            "crosstalk": noise.crosstalk.sigma,
            "dual_dirac": noise.dual_dirac.sigma,
            "random_jitter": noise.sigma_rj,
            "noise": noise.sigma_n,
            **arriving_sigmas(sources),
            "transmitter": noise.sigma_tx,
            "gaussian": noise.sigma_g,
        },
        pulses=(equalized.through, *equalized.aggressors),
        distributions={
            "isi": noise.isi,
            "crosstalk": noise.crosstalk,
            "dual_dirac": noise.dual_dirac,
            "gaussian": noise.gaussian,
            "total": noise.total,
            **{f"aggressor {n}": part for n, part in enumerate(noise.aggressors, start=1)},
        },
        ledger=_ledger(equalized, noise, sources, settings, interference),
    )


def _ledger(
    equalized: Equalized,
    noise: InterferenceAndNoise,
    sources: dict[str, float],
    settings: ComSettings,
    interference: float,
) -> MarginLedger:
    """The margin in parts; for chip to module each source is taken out of the eye in the window.

    `sources` are the parts of the receiver's noise in V rms by name.
    """
    gaussian = {**sources, "transmitter noise": noise.sigma_tx, "random jitter": noise.sigma_rj}
    distributions = {
        "residual interference": noise.isi,
        "crosstalk": noise.crosstalk,
        "dual-Dirac jitter": noise.dual_dirac,
    }
    if settings.c2m is None:
        parts = SlicerTerms(
            signal=noise.signal,
            gaussian=gaussian,
            distributions=distributions,
            crest=settings.noise_crest_factor or crest_factor(settings.der0),
            bin_size=noise.isi.bin_size,
        )
        return ledger_without_ffe(noise.signal, interference, ledger_terms(parts, settings.der0))
    c2m, tx = settings.c2m, settings.transmitter

    def in_the_window(without: str) -> float:
        left = replace(
            tx,
            sigma_rj=0.0 if without == "random jitter" else tx.sigma_rj,
            a_dd=0.0 if without == "dual-Dirac jitter" else tx.a_dd,
        )
        return eye_of(
            equalized.through,
            equalized.cursor,
            replace(settings, transmitter=left),
            c2m,
            sigma_n=float(np.sqrt(sum(sigma**2 for name, sigma in sources.items() if name != without))),
            sigma_tx=0.0 if without == "transmitter noise" else noise.sigma_tx,
            crosstalk=None if without == "crosstalk" else noise.crosstalk,
            isi=without != "residual interference",
        ).interference

    rms = {**gaussian, **{name: part.sigma for name, part in distributions.items()}}
    return ledger_without_ffe(noise.signal, interference, terms_by_removal(rms, in_the_window))


def _eye_figures(answer: Answer) -> tuple[float, float]:
    """VEC in dB and VEO in V: of the window's eye, else of the eye at the sampling instant."""
    if answer.eye is not None:
        return answer.eye.closure_db, answer.eye.height
    # without an eye in a window it is that at the sampling instant, 2 (A_s - A_ni)
    left = answer.signal - answer.interference
    closure = float(db20(answer.signal / left)) if left > 0 else float("inf")
    if answer.mlse_gain_db:
        closure = with_sequence_detection(closure, answer.mlse_gain_db)
    return closure, 2 * left


def with_sequence_detection(closure_db: float, gain_db: float) -> float:
    """Vertical eye closure in dB with the gain of sequence detection, from that of decision feedback alone.

    >>> round(with_sequence_detection(4.607, 0.0), 3)
    4.607
    """
    # the gain g raises A_s alone: with a closure c of A_s / (A_s - A_ni) it becomes g c / ((g - 1) c + 1)
    opened = (from_db20(gain_db) - 1.0) * from_db20(closure_db) + 1.0
    return gain_db - float(db20(opened)) + closure_db


def _passes(settings: ComSettings, com_db: float, vec_db: float, veo: float, erl_db: float | None) -> dict[str, bool]:
    passes = {}
    if settings.c2m is not None and settings.vec_threshold_db is not None:
        passes["vec"] = bool(vec_db <= settings.vec_threshold_db and veo > 0)
    else:
        passes["com"] = bool(com_db >= settings.com_threshold_db)
    if erl_db is not None and settings.erl_threshold_db is not None:
        passes["erl"] = bool(erl_db >= settings.erl_threshold_db)
    return passes


def _trace(paths: tuple[PathResponse, ...], settings: ComSettings, answer: Answer) -> ComTrace:
    f = paths[0].frequency
    return ComTrace(
        paths=tuple(
            PathTrace(
                kind=path.kind,
                name=path.name,
                frequency=path.frequency,
                transfer=path.transfer,
                impulse=path.impulse,
                pulse=path.pulse,
                equalized=pulse,
            )
            for path, pulse in zip(paths, answer.pulses, strict=True)
        ),
        receiver_filter=receiver_filter(f, settings.receiver),
        ctle=ctle_transfer(f, settings.receiver.ctle, *answer.choice.ctle_db),
        distributions={name: (part.x, part.y) for name, part in answer.distributions.items()},
    )
