"""Channel Operating Margin as a value: one package test case, and all of a standard."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sirf._arrays import Complex, Float
from sirf._display import html_table, table
from sirf.results.ledger import MarginLedger


@dataclass(frozen=True, slots=True)
class CalibratedNoise:
    """Noise of a receiver's tolerance test: `rms` in V at its source, `high_passed_rms` behind that source's high-pass.

    `com_db` is the least COM of all test cases with it, at the COM pass threshold unless that is missed without any noise.
    """

    rms: float
    high_passed_rms: float
    com_db: float

    def to_dict(self) -> dict[str, float]:
        """Plain values for JSON, voltages in mV."""
        return {
            "noise_mv": self.rms * 1e3,
            "high_passed_noise_mv": self.high_passed_rms * 1e3,
            "least_com_db": self.com_db,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualizerChoice:
    """One answer of the search: figure of merit and margin in dB, gains in dB, taps, sampling index, settings evaluated.

    `method` is "full grid" or "local search N". `tx_taps` run from the first pre-cursor to the last post-cursor;
    `sampling_index` counts from 1. `path` holds (g_DC, g_DC2, figure of merit) of each setting that was better than all looked
    at before, the local search that a full grid starts from included.
    """

    method: str
    fom_db: float
    com_db: float
    ctle_db: tuple[float, float]
    tx_taps: tuple[float, ...]
    sampling_index: int
    evaluated: int
    path: tuple[tuple[float, float, float], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "method": self.method,
            "fom_db": self.fom_db,
            "com_db": self.com_db,
            "ctle_db": list(self.ctle_db),
            "tx_taps": list(self.tx_taps),
            "sampling_index": self.sampling_index,
            "evaluated": self.evaluated,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PathTrace:
    """Intermediates of one path.

    `kind` is "through", "fext" or "next"; `transfer` (F,) is H21 with H_t and H_r at `frequency` (F,) in Hz; `impulse` and
    `pulse` (N,) in V before the CTLE, `equalized` (N,) in V behind the whole linear equaliser, `samples_per_ui` a UI.
    """

    kind: str
    name: str
    frequency: Float
    transfer: Complex
    impulse: Float
    pulse: Float
    equalized: Float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComTrace:
    """Every intermediate of one case: the paths, H_r and H_ctf (F,), and distributions as (volts, probabilities).

    `distributions` holds "isi", "crosstalk", "dual_dirac", "gaussian", "total" and "aggressor 1" and so on.
    """

    paths: tuple[PathTrace, ...]
    receiver_filter: Complex
    ctle: Complex
    distributions: Mapping[str, tuple[Float, Float]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComResult:
    """COM of one package test case. Decibels, mV and V as the names say; `sigmas` in V rms by term.

    `com_db` is the margin at DER_0 (for chip to module A_s over the interference of the window's eye), `com_no_crosstalk_db` that
    of the same equaliser without aggressors; `vec_db`, `veo_mv` vertical eye closure and opening. `erl_db` is None where the
    standard asks for none. `ctle_db` = (g_DC, g_DC2); `tx_taps` from the first pre-cursor to the last post-cursor;
    `dfe_taps` relative to the cursor, fixed then floating, `floating_taps` the numbers of those that float; `rx_ffe_taps`
    empty where there is no such equaliser, `rx_ffe_cursor_index` the number of its main tap from 0,
    `rx_ffe_floating_positions` the places of its floating taps in UI after that. `revision` says whose arithmetic was followed,
    `other_revisions` what another gives in dB at the same transmitter and CTLE setting, where that differs by more than 0.1 dB;
    `ledger` holds the margin in parts. `sampling_index` counts the samples of `pulse` from 1, as the reference code does;
    `cursor` is the same from 0.
    `acbw_ghz` is the channel's apparent bandwidth, where the workbook asks for it. `skew_ps`, `scd21_worst_db` and
    `conversion_loss_db` are those of `sirf.channel.figures.balance`, of channels whose 4-port is known.
    `calibration` is the noise of a receiver test that was set so that the least COM is at its limit; it is in all figures.
    `other` is the other kind of search's answer where it differs. `passes` holds COM (or VEC) and ERL against their limits.
    """

    name: str
    channel: str
    package_case: int
    com_db: float
    com_no_crosstalk_db: float
    fom_db: float
    vec_db: float
    veo_mv: float
    erl_db: float | None
    erl11_db: float | None
    erl22_db: float | None
    icn_mv: float | None
    fom_ild_db: float | None
    fitted_loss_db: float | None
    insertion_loss_db: float
    insertion_loss_channel_db: float
    sampling_index: int
    samples_per_ui: int
    ctle_db: tuple[float, float]
    tx_taps: tuple[float, ...]
    dfe_taps: tuple[float, ...]
    floating_taps: tuple[int, ...]
    rx_ffe_taps: tuple[float, ...]
    available_signal_mv: float
    interference_mv: float
    peak_pulse_mv: float
    der0: float
    symbol_rate: float
    sigmas: Mapping[str, float]
    chosen: EqualizerChoice
    other: EqualizerChoice | None
    mlse_gain_db: float | None
    revision: str
    other_revisions: Mapping[str, float]
    rx_ffe_cursor_index: int | None
    rx_ffe_floating_positions: tuple[int, ...]
    ledger: MarginLedger | None
    passes: Mapping[str, bool]
    pulse: tuple[Float, Float]
    distribution: tuple[Float, Float]
    case_name: str = ""
    annex: str = ""
    acbw_ghz: float | None = None
    skew_ps: float | None = None
    scd21_worst_db: float | None = None
    conversion_loss_db: float | None = None
    warnings: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    calibration: CalibratedNoise | None = None
    trace: ComTrace | None = None

    @property
    def case(self) -> str:
        """The test case by its number and, where it has one, its name."""
        return f"{self.package_case} ({self.case_name})" if self.case_name else str(self.package_case)

    @property
    def cursor(self) -> int:
        """Index of the sampling instant into `pulse`, from 0."""
        # the reference code counts from one
        return self.sampling_index - 1

    @property
    def passed(self) -> bool:
        """Whether every limit is met."""
        return all(self.passes.values())

    def __repr__(self) -> str:
        """One line: standard, case, COM, FOM."""
        return (
            f"ComResult({self.name!r}, case {self.case}: COM {self.com_db:.3f} dB, FOM {self.fom_db:.3f} dB, "
            f"VEC {self.vec_db:.2f} dB)"
        )

    def __str__(self) -> str:
        """The result as a table."""
        return table(self._title(), self._rows())

    def _repr_html_(self) -> str:
        return html_table(self._title(), self._rows())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; what has no value is None, never NaN or infinity."""
        return {
            "name": self.name,
            "channel": self.channel,
            "package_case": self.package_case,
            "case_name": self.case_name,
            "com_db": _number(self.com_db),
            "com_no_crosstalk_db": _number(self.com_no_crosstalk_db),
            "fom_db": _number(self.fom_db),
            "vec_db": _number(self.vec_db),
            "veo_mv": self.veo_mv,
            "erl_db": _number(self.erl_db),
            "erl11_db": _number(self.erl11_db),
            "erl22_db": _number(self.erl22_db),
            "icn_mv": _number(self.icn_mv),
            "fom_ild_db": _number(self.fom_ild_db),
            "fitted_loss_db": _number(self.fitted_loss_db),
            "acbw_ghz": _number(self.acbw_ghz),
            "skew_ps": _number(self.skew_ps),
            "scd21_worst_db": _number(self.scd21_worst_db),
            "conversion_loss_db": _number(self.conversion_loss_db),
            "insertion_loss_db": self.insertion_loss_db,
            "insertion_loss_channel_db": self.insertion_loss_channel_db,
            "sampling_index": self.sampling_index,
            "samples_per_ui": self.samples_per_ui,
            "ctle_db": list(self.ctle_db),
            "tx_taps": list(self.tx_taps),
            "dfe_taps": list(self.dfe_taps),
            "floating_taps": list(self.floating_taps),
            "rx_ffe_taps": list(self.rx_ffe_taps),
            "available_signal_mv": self.available_signal_mv,
            "interference_mv": self.interference_mv,
            "peak_pulse_mv": self.peak_pulse_mv,
            "der0": self.der0,
            "symbol_rate": self.symbol_rate,
            "sigmas_v": dict(self.sigmas),
            "search": self.chosen.to_dict(),
            "other_search": None if self.other is None else self.other.to_dict(),
            "mlse_gain_db": _number(self.mlse_gain_db),
            "annex": self.annex,
            "revision": self.revision,
            "other_revisions": dict(self.other_revisions),
            "rx_ffe_cursor_index": self.rx_ffe_cursor_index,
            "rx_ffe_floating_positions": list(self.rx_ffe_floating_positions),
            "ledger": None if self.ledger is None else self.ledger.to_dict(),
            "calibration": None if self.calibration is None else self.calibration.to_dict(),
            "passes": dict(self.passes),
            "warnings": list(self.warnings),
            "ignored_keywords": list(self.ignored),
        }

    def _title(self) -> str:
        return f"{self.channel or 'channel'}, {self.name}, package case {self.case}"

    def _rows(self) -> list[tuple[str, str]]:
        sigmas = ", ".join(f"{name} {1e3 * value:.3f}" for name, value in self.sigmas.items())
        rows = [
            ("COM", f"{self.com_db:.3f} dB{_verdict(self.passes, 'com')}"),
            ("COM without crosstalk", f"{self.com_no_crosstalk_db:.3f} dB, same equaliser"),
            ("FOM", f"{self.fom_db:.3f} dB ({self.chosen.method})"),
            ("VEC, VEO", f"{self.vec_db:.3f} dB{_verdict(self.passes, 'vec')}, {self.veo_mv:.3f} mV"),
            (
                "ERL",
                f"{_text(self.erl_db)} dB{_verdict(self.passes, 'erl')} "
                f"(port 1 {_text(self.erl11_db)}, port 2 {_text(self.erl22_db)})",
            ),
            ("ICN, FOM_ILD", f"{_text(self.icn_mv)} mV, {_text(self.fom_ild_db)} dB"),
            (
                "loss at Nyquist",
                f"{self.insertion_loss_db:.2f} dB die to die, channel {self.insertion_loss_channel_db:.2f} dB",
            ),
            (
                "skew, conversion",
                f"{_text(self.skew_ps)} ps, SCD21 {_text(self.scd21_worst_db)} dB, "
                f"{_text(self.conversion_loss_db)} dB of the loss to the common mode",
            ),
            (
                "signal, interference",
                f"{self.available_signal_mv:.3f} mV, {self.interference_mv:.3f} mV at {self.der0:g}",
            ),
            ("sigmas in mV", sigmas),
            ("sampling index", f"{self.sampling_index} ({self.samples_per_ui} a UI)"),
            ("CTLE", f"g_DC {self.ctle_db[0]:g} dB, g_DC2 {self.ctle_db[1]:g} dB"),
            ("Tx taps", _taps(self.tx_taps)),
            ("DFE taps", _taps(self.dfe_taps)),
        ]
        if self.calibration is not None:
            noise = self.calibration
            rows.append(
                (
                    "receiver calibration",
                    f"{noise.rms * 1e3:.3f} mV of noise ({noise.high_passed_rms * 1e3:.3f} mV behind its high-pass), "
                    f"least COM {noise.com_db:.3f} dB",
                )
            )
        if self.acbw_ghz is not None:
            rows.append(("apparent bandwidth", f"{self.acbw_ghz:.2f} GHz"))
        if self.floating_taps:
            rows.append(("floating at", " ".join(str(tap) for tap in self.floating_taps)))
        # floating taps leave zeros over a long span, which would hide the taps that are set
        if self.rx_ffe_taps:
            rows.append(("Rx FFE taps", _taps(tuple(tap for tap in self.rx_ffe_taps if tap != 0.0))))
        if self.mlse_gain_db is not None:
            rows.append(("MLSE gain", f"{self.mlse_gain_db:.3f} dB, in COM"))
        rows.append(("arithmetic", f"Annex {self.annex}, revision {self.revision}"))
        rows += [(f"revision {name} gives", f"COM {value:.3f} dB") for name, value in self.other_revisions.items()]
        if self.ledger is not None:
            rows += self.ledger.rows()
        if self.other is not None:
            found = self.other
            rows.append(
                (
                    found.method,
                    f"FOM {found.fom_db:.3f} dB, COM {found.com_db:.3f} dB, g_DC {found.ctle_db[0]:g} dB, "
                    f"g_DC2 {found.ctle_db[1]:g} dB, Tx {_taps(found.tx_taps)}",
                )
            )
        return rows + [("warning", warning) for warning in self.warnings]


@dataclass(frozen=True, slots=True, eq=False)
class ComReport:
    """COM of all package test cases of a standard; the figures are those of the worst case, the one of least COM."""

    cases: tuple[ComResult, ...]

    @property
    def worst(self) -> ComResult:
        """The case of least COM (of largest VEC where the standard judges that)."""
        # module annexes judge closure, where a larger number is worse
        if "vec" in self.cases[0].passes:
            return max(self.cases, key=lambda case: case.vec_db)
        return min(self.cases, key=lambda case: case.com_db)

    def __iter__(self) -> Iterator[ComResult]:
        """The cases in order."""
        return iter(self.cases)

    def __len__(self) -> int:
        """Number of cases."""
        return len(self.cases)

    def __getitem__(self, index: int) -> ComResult:
        """Case by position, from 0."""
        return self.cases[index]

    def __getattr__(self, name: str) -> Any:
        """Figures of the worst case."""
        # names that Python looks up itself, and 'cases' before it is set, would come back here without end
        if name.startswith("_") or name == "cases":
            raise AttributeError(name)
        return getattr(self.worst, name)

    def __repr__(self) -> str:
        """One line: the worst case."""
        return f"ComReport({len(self.cases)} cases, worst {self.worst!r})"

    def __str__(self) -> str:
        """All cases as tables."""
        return "\n\n".join(str(case) for case in self.cases)

    def _repr_html_(self) -> str:
        return "".join(case._repr_html_() for case in self.cases)

    def to_dict(self) -> dict[str, Any]:
        """The worst case's values, with all of them under "cases"."""
        # the worst case on top: a report's own figures are those that decide
        return {**self.worst.to_dict(), "cases": [case.to_dict() for case in self.cases]}


def _number(value: float | None) -> float | None:
    # JSON has no infinity
    return value if value is not None and math.isfinite(value) else None


def _text(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _taps(taps: tuple[float, ...]) -> str:
    return " ".join(f"{tap:.4g}" for tap in taps)


def _verdict(passes: Mapping[str, bool], name: str) -> str:
    return "" if name not in passes else ", pass" if passes[name] else ", FAIL"
