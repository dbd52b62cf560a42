"""The short benchmark: a register of jobs on shipped data, each with the answer that it must give and what it is counted in.

The same register is the pytest-benchmark suite (`benchmarks/test_short.py`) and `sirf bench`. An answer is asserted before a
time is reported. Rates are per second of processor time on one core.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from sirf._data import data_path, load_toml, validated
from sirf._toml_table import Table
from sirf.errors import SirfError
from sirf.study.machine_limits import MachineLimits, cpu_seconds, measure_limits, processor_time

if TYPE_CHECKING:
    from sirf.link import Link

DENSITY = 2.5e-15
"""Noise density in V²/Hz that gives the benchmark's link an error ratio that some millions of symbols can count."""
SYMBOLS = {"counting": 2_000_000, "waveform": 400_000, "light": 200_000, "model": 400_000}
LIGHT_DENSITY = 4e-15
"""The same in V²/Hz for the link with light."""
MARGINS_DB = (8.7215, 8.7215)
"""COM of the shipped faceplate path in both package cases: what the search gives that is held to the published tool in tests."""
PHASES = 32
# a word carries 514 symbols of ten bits: the rate of decoding counts its 5140 message bits
CODE_WORDS = 2000


@dataclass(frozen=True, slots=True)
class Job:
    """One job: `prepare` makes what `run` needs (not timed), `check` raises `AssertionError` for a wrong answer.

    `work` of `unit` are done in a run; `limit` names the field of `MachineLimits` that bounds it. `lacks` says in words what this
    machine lacks for the job, or nothing.
    """

    name: str
    prepare: Callable[[], Any]
    run: Callable[[Any], Any]
    check: Callable[[Any, Any], None]
    work: float
    unit: str
    limit: str
    runs: int = 3
    lacks: Callable[[], str] = lambda: ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRate:
    """What a job took: `rate` in `unit` a second of processor time, `first_seconds` of its first run, compilation included.

    `reference` is the rate of the machine that the shipped table names.
    """

    name: str
    unit: str
    rate: float
    first_seconds: float
    limit: str
    reference: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortBenchmark:
    """All jobs beside the machine's own limits and the shipped reference; `left_out` names jobs and what they lack."""

    figures: tuple[JobRate, ...]
    left_out: tuple[str, ...]
    limits: MachineLimits
    reference_limits: MachineLimits
    reference_machine: str
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return dataclasses.asdict(self)


class _Reference(Table):
    machine: str
    sirf: str
    limits: dict[str, float]
    rates: dict[str, float] = Field(default_factory=dict)


# jobs share a link: its search is not what they time
@lru_cache(maxsize=1)
def benchmark_link() -> Link:
    """PAM4 at 53.1 GBd over the shipped faceplate path, equalised, its receiver's noise raised to `DENSITY`."""
    from sirf.link import Link
    from sirf.paths import pluggable

    channel = pluggable(rate_class="100g").to_channel(crosstalk=False)
    link = Link(channel, standard="802.3ck-c2m").optimized()
    # noise is raised after the search: the equaliser is the one of a usual link
    return link.replace(receiver=dataclasses.replace(link.receiver, noise_density=DENSITY))


# asked for before and after the runs of a job
@lru_cache(maxsize=4)
def _expected_ber(link: Link) -> float:
    """Of the statistical engine at the sampling instant."""
    from sirf.engine.statistical.analysis import statistical_eye

    return statistical_eye(link, phases=1).ber


def _eye(link: Link) -> Any:
    from sirf.engine.statistical.analysis import statistical_eye

    return statistical_eye(link, phases=PHASES)


def _check_eye(link: Link, eye: Any) -> None:
    # relative, for the ratio itself is small
    assert abs(eye.ber / _expected_ber(link) - 1.0) < 1e-6, (eye.ber, _expected_ber(link))


def _count(link: Link) -> Any:
    from sirf.engine.counting.count_errors import count_errors

    # no end by errors: every run counts the same symbols
    return count_errors(link, max_errors=10**9, max_symbols=SYMBOLS["counting"], rng=1)


def _simulate(link: Link) -> Any:
    from sirf.engine.waveform.simulate import simulate

    return simulate(link, symbols=SYMBOLS["waveform"], rng=1).errors


def _check_count(link: Link, count: Any) -> None:
    # 99 % interval of a fixed seed: it holds the statistical engine's ratio of this very link or something is wrong; jitter
    # ahead of a vendor's FFE weighs less than behind sirf's own
    assert count.ber_low <= _expected_ber(link) <= count.ber_high, (count, _expected_ber(link))


def _compiler() -> str | None:
    return shutil.which(os.environ.get("CC", "cc"))


def _lacks_compiler() -> str:
    return "" if _compiler() else "a C compiler, which builds its model"


@lru_cache(maxsize=1)
def _model_folder() -> tempfile.TemporaryDirectory[str]:
    # lives, and is removed, with the process
    return tempfile.TemporaryDirectory(prefix="sirf-bench-")


def model_link() -> Link:
    """The benchmark's link behind a vendor's model of its transmitter: sirf's own export, built with the machine's C compiler."""
    from sirf.ami.export import export_link
    from sirf.ami.model import AmiModel

    link, folder = benchmark_link(), Path(_model_folder().name)
    export_link(link, folder)
    flags = ["-O2", "-std=c99", "-shared", "-fPIC", "-fvisibility=hidden", "-o", "sirf_tx.so"]
    subprocess.run([str(_compiler()), *flags, "transmitter.c", "-lm"], cwd=folder, check=True)
    return link.replace(transmitter_model=AmiModel(folder / "sirf_tx.ami", so=folder / "sirf_tx.so"))


def _simulate_model(link: Link) -> Any:
    from sirf.engine.waveform.simulate import simulate

    return simulate(link, symbols=SYMBOLS["model"], rng=1).errors


@lru_cache(maxsize=1)
def light_link() -> Link:
    """PAM4 through a Mach-Zehnder modulator between two packages, with curves, echoes and noise; the receiver's noise raised."""
    from sirf.link import Link
    from sirf.optics import Span, load_optics
    from sirf.paths import cpo

    package = cpo(rate_class="100g").to_channel(crosstalk=True)
    preset = load_optics("dr-silicon-mzm")
    # little copper ahead of the driver: the gain may have to go far below the preset's least
    span = Span(preset.path, before=package, after=package, swing=preset.swing, agc_db=(-80.0, preset.agc_db[1]))
    link = Link(span, standard="cei-112g-linear").optimized()
    return link.replace(receiver=dataclasses.replace(link.receiver, noise_density=LIGHT_DENSITY))


def _simulate_light(link: Link) -> Any:
    from sirf.engine.waveform.simulate import simulate

    return simulate(link, symbols=SYMBOLS["light"], rng=1).errors


def _check_light(link: Link, count: Any) -> None:
    from sirf.engine.statistical.analysis import statistical_eye

    expected = statistical_eye(link, phases=1).ber
    # statistics of curves hold within a quarter beside the count's own interval
    assert 0.8 * count.ber_low <= expected <= 1.25 * count.ber_high, (count, expected)


def _channel() -> Any:
    from sirf.paths import pluggable

    return pluggable(rate_class="100g").to_channel(crosstalk=True)


def _margins(channel: Any) -> Any:
    from sirf.com.margin import com

    return [one.com_db for one in com(channel, standard="802.3ck-kr1")]


def _check_margins(_: Any, margins: Any) -> None:
    # a hundredth of a decibel, as published margins are compared
    assert np.abs(np.subtract(margins, MARGINS_DB)).max() < 0.01, margins


def _code_words() -> Any:
    from sirf import fec
    from sirf.fec.library import KP4_BIT_ERROR_RATIO

    code = fec.load("kp4")
    # one seed for ever: the answer that is asserted is that of these words
    generator = np.random.default_rng(1)
    messages = generator.integers(0, 1024, (CODE_WORDS, 514))
    # bits, not symbols: the code corrects symbols of ten bits each
    wrong = generator.random((CODE_WORDS, 544, 10)) < KP4_BIT_ERROR_RATIO
    flips = (wrong << np.arange(10)).sum(axis=-1).astype(np.uint16)
    return code, messages, code.encode(messages) ^ flips, flips


def _check_words(given: Any, decoded: Any) -> None:
    _, messages, _, flips = given
    assert (decoded.symbols == messages).all()
    # at this ratio a word has 1.3 wrong symbols on average, and none of the 2000 more than the 15 that are corrected
    assert (decoded.corrected == (flips != 0).sum(axis=1)).all()


JOBS = (
    Job("statistical eye, 32 phases", benchmark_link, _eye, _check_eye, 1.0, "eyes", "fft", runs=5),
    Job("error counting", benchmark_link, _count, _check_count, SYMBOLS["counting"], "symbols", "multiply_add"),
    Job("waveform, 32 samples a UI", benchmark_link, _simulate, _check_count, SYMBOLS["waveform"], "symbols", "fft"),
    Job("waveform through light", light_link, _simulate_light, _check_light, SYMBOLS["light"], "symbols", "fft"),
    Job("waveform through an AMI model", model_link, _simulate_model, _check_count, SYMBOLS["model"], "symbols", "fft",
        lacks=_lacks_compiler),
    Job("COM 802.3ck KR1, full grid", _channel, _margins, _check_margins, 1.0, "channels", "multiply_add", runs=1),
    Job("RS(544,514) decoding", _code_words, lambda given: given[0].decode(given[2]), _check_words,
        CODE_WORDS * 5140.0, "bits", "memory"),
)  # fmt: skip
"""The register, in the order of the table."""


def run_short(progress: Callable[[str, int, int], None] | None = None) -> ShortBenchmark:
    """Run every job and hold its answer against what it must be; under two minutes, compilation included.

    Raises `SirfError` for a wrong answer: times of wrong answers are worth nothing.
    """
    start = time.perf_counter()
    reference = _reference()
    figures, left_out = [], []
    for number, job in enumerate(JOBS):
        lacking = job.lacks()
        if lacking:
            left_out.append(f"{job.name} (this machine lacks {lacking})")
            continue
        given = job.prepare()
        begin = processor_time()
        answer = job.run(given)
        # processor time: other programs do not count
        first = processor_time() - begin
        try:
            job.check(given, answer)
        except AssertionError as error:
            raise SirfError(f"{job.name} must give its known answer, got {error}. Please report it.") from None
        # warm: the first run has compiled
        rate = job.work / cpu_seconds(lambda job=job, given=given: job.run(given), job.runs)  # type: ignore[misc]
        figures.append(
            JobRate(
                name=job.name,
                unit=job.unit,
                rate=rate,
                first_seconds=first,
                limit=job.limit,
                reference=reference.rates.get(job.name),
            )
        )
        if progress is not None:
            progress(job.name, number + 1, len(JOBS))
    return ShortBenchmark(
        figures=tuple(figures),
        left_out=tuple(left_out),
        limits=measure_limits(),
        reference_limits=MachineLimits(**reference.limits),
        reference_machine=f"{reference.machine}, sirf {reference.sirf}",
        seconds=time.perf_counter() - start,
    )


def _reference() -> _Reference:
    """The shipped table; `ConfigError` names file and key."""
    file = data_path("benchmarks", "reference.toml")
    return validated(_Reference, load_toml(file), file)


def relative(figure: JobRate, result: ShortBenchmark) -> Mapping[str, float | None]:
    """`rate`: a figure over the reference's; `fair`: that over the ratio of the limits that bound it."""
    if figure.reference is None:
        return {"rate": None, "fair": None}
    ratio = figure.rate / figure.reference
    # what bounds a job (transforms, products, memory) differs between machines by another factor than their clocks
    machines = getattr(result.limits, figure.limit) / getattr(result.reference_limits, figure.limit)
    return {"rate": ratio, "fair": ratio / machines}
