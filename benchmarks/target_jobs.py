"""Jobs of `speed_targets.py` that run inside a process: one program for both trees, by names that both have.

    python benchmarks/target_jobs.py NAME

prepares the job, runs it once (kernels compile), then runs it for every line on standard input and answers with one line of JSON
each: `seconds` (or several, by name) and the `answer`. The package is the one that PYTHONPATH names. Names that moved between
the trees stand in `moved` with both homes.
"""

from __future__ import annotations

import atexit
import dataclasses
import functools
import gc
import importlib
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import sirf

COPPER_SYMBOLS, LIGHT_SYMBOLS, COUNTED_SYMBOLS = 1_000_000, 400_000, 20_000_000
LIGHT_NOISE = 4e-15
NO_REFERENCE = (
    "SIRF_REFERENCE_DIR must name a folder with channels/, got nothing. Set it to the folder of reference channels."
)
"""Density in V²/Hz that gives the link with light an error ratio near 1e-3."""
ANEW = ("sirf.com", "sirf.engine", "sirf.equalizer", "sirf.channel")
"""Rooms whose caches are emptied before every run of a job that is done once by whoever asks for it."""

Prepared = Callable[[], tuple[dict[str, float], list[float]]]
"""Runs a prepared job: processor or clock seconds by name, and numbers of the answer."""


def moved(name: str, *homes: str) -> Any:
    """A name from the first of its homes that this tree has."""
    for home in homes:
        try:
            return getattr(importlib.import_module(home), name)
        except (ImportError, AttributeError):
            continue
    raise SystemExit(f"{name} must be in one of {homes}, got none of them in {sirf.__file__}")


def forget() -> None:
    """Empty the caches of the rooms in `ANEW`, so that no run profits from the one before."""
    for found in gc.get_objects():
        if isinstance(found, functools._lru_cache_wrapper) and str(found.__module__).startswith(ANEW):
            found.cache_clear()


def timed(run: Callable[[], Sequence[float]], *, anew: bool = False) -> Prepared:
    """Processor seconds of this process for a run and its answer."""

    def once() -> tuple[dict[str, float], list[float]]:
        if anew:
            forget()
        began = time.process_time()
        answer = run()
        return {"cpu": time.process_time() - began}, list(answer)

    return once


def reference(*parts: str) -> Path:
    """A file of the reference channels; ends the program with a sentence where nothing says where they are."""
    folder = os.environ.get("SIRF_REFERENCE_DIR", "")
    if not folder:
        print(NO_REFERENCE, file=sys.stderr)
        raise SystemExit(2)
    return Path(folder).joinpath("channels", *parts)


def margins(channel: sirf.Channel, standard: str) -> list[float]:
    """COM in dB and figure of merit in dB of the first package case."""
    found = sirf.com(channel, standard=standard, package_case=1)
    return [found.com_db, found.fom_db]


def dj() -> Prepared:
    """Annex 178A, the preset's whole grid in steps of 0.02: the values of 2024, whose id has moved."""
    channel = sirf.Channel.from_touchstone(reference("synthetic_224g_board", "thru.s4p"))
    standard = "802.3dj-kr1-test" if "802.3dj-kr1-test" in sirf.presets.list_presets() else "802.3dj-kr1"
    return timed(lambda: margins(channel, standard), anew=True)


def dj_fine() -> Prepared:
    """The same in steps of 0.005: 919,000 transmitter settings."""
    shipped = Path(sirf.__file__).parents[1] / "data" / "standards"
    file = next(shipped / name for name in ("802.3dj-kr1-test.toml", "802.3dj-kr1.toml") if (shipped / name).is_file())
    fine = Path(tempfile.mkdtemp()) / "fine.toml"
    text = file.read_text(encoding="utf-8")
    assert "ffe_stride = 4" in text, file
    fine.write_text(text.replace("ffe_stride = 4", "ffe_stride = 1"), encoding="utf-8")
    channel = sirf.Channel.from_touchstone(reference("synthetic_224g_board", "thru.s4p"))
    coarse = margins(channel, str(file))[1]

    def run() -> list[float]:
        found = margins(channel, str(fine))
        # the finer grid holds the preset's own: its best cannot be worse, and no other tree searches it in this time
        assert found[1] >= coarse - 1e-9, (found, coarse)
        return found

    return timed(run, anew=True)


def kr1() -> Prepared:
    """Annex 93A, KR1's full grid, five far and three near aggressors."""
    back = reference("backplane_12db")
    channel = sirf.Channel.from_touchstone(
        back / "thru.s4p",
        fext=[back / f"fext{n}.s4p" for n in range(1, 6)],
        next=[back / f"next{n}.s4p" for n in range(1, 4)],
    )
    return timed(lambda: margins(channel, "802.3ck-kr1"), anew=True)


def c2m() -> Prepared:
    """Clause 120G, the preset's full grid at 100 samples a UI."""
    channel = sirf.Channel.from_touchstone(reference("c2m_16db", "thru.s4p"))
    return timed(lambda: margins(channel, "802.3ck-c2m"), anew=True)


def bent_light() -> Any:
    """PAM4 through a Mach-Zehnder and 500 m of fibre between two packages with crosstalk: every curve, echoes and noise."""
    package = sirf.paths.cpo(rate_class="100g").to_channel(crosstalk=True)
    preset = sirf.optics.load_optics("dr-silicon-mzm")
    span = sirf.optics.Span(
        preset.path, before=package, after=package, swing=preset.swing, agc_db=(-80.0, preset.agc_db[1])
    )
    link = sirf.Link(span, standard="cei-112g-linear").optimized()
    return link.replace(receiver=dataclasses.replace(link.receiver, noise_density=LIGHT_NOISE))


def light_wave() -> Prepared:
    """The waveform engine through light."""
    quiet = bent_light()
    # so loud that a run counts some 3,000 errors: of 450 two fair runs are often a tenth apart
    link = quiet.replace(receiver=dataclasses.replace(quiet.receiver, noise_density=1.8 * LIGHT_NOISE))

    def run() -> list[float]:
        # as an error ratio: random streams are the tree's own
        return [sirf.simulate(link, symbols=LIGHT_SYMBOLS, rng=1).errors.ber]

    return timed(run)


def light_eye() -> Prepared:
    """The statistical eye of the same link, 32 phases, the curves averaged anew."""
    link = bent_light()

    def run() -> list[float]:
        eye = sirf.statistical_eye(link, phases=32)
        return [eye.ber, *eye.eye_heights(1e-2)]

    return timed(run, anew=True)


def copper_wave() -> Prepared:
    """The waveform engine on a board: jitter, noise, CTLE, eight-tap FFE, DFE, clock recovery and eye, 32 samples a UI."""
    solve = moved("mmse_equalizer", "sirf.equalizer.mmse_equalizer", "sirf.engine.wiener")
    channel = sirf.paths.pluggable(rate_class="100g").to_channel()
    link = solve(sirf.Link(channel, standard="802.3ck-c2m", samples_per_ui=32).optimized(), ffe=(3, 4), dfe=4)
    # so loud that a run counts some 1,500 errors: each tree draws its own, and of 200 two fair runs are often a fifth apart
    loud = dataclasses.replace(
        link.receiver, noise_density=90 * link.receiver.noise_density, clock=sirf.ClockRecovery()
    )
    link = link.replace(receiver=loud)
    return timed(lambda: [sirf.simulate(link, symbols=COPPER_SYMBOLS, rng=1).errors.ber])


def counted_link(aggressors: int) -> Any:
    """The faceplate path, so many of its aggressors in turn, equalised without any, at an error ratio near 1e-5."""
    path = sirf.paths.pluggable(rate_class="100g").to_channel(crosstalk=True)
    alone = sirf.Link(dataclasses.replace(path, fext=(), next=()), standard="802.3ck-c2m").optimized()
    near = aggressors // 3
    # the path's own of each kind, repeated until there are enough
    far, back = ((own * count)[:count] for own, count in ((path.fext, aggressors - near), (path.next, near)))
    assert len(far) + len(back) == aggressors, path
    receiver = dataclasses.replace(alone.receiver, noise_density=2.5e-15)
    channel = dataclasses.replace(path, fext=far, next=back)
    return sirf.Link(channel, standard="802.3ck-c2m", transmitter=alone.transmitter, receiver=receiver)


def count(link: Any, symbols: int, workers: int = 1) -> float:
    """Counted error ratio."""
    return float(sirf.count_errors(link, max_errors=10**12, max_symbols=symbols, rng=1, workers=workers).ber)


def aggressors() -> Prepared:
    """Counting with none and with eight: processor seconds of both, one after the other."""
    links = {"alone": counted_link(0), "crowded": counted_link(8)}

    def once() -> tuple[dict[str, float], list[float]]:
        seconds, answer = {}, []
        for name, link in links.items():
            began = time.process_time()
            answer.append(count(link, COUNTED_SYMBOLS // 4))
            seconds[name] = time.process_time() - began
        return seconds, answer

    return once


def counting_threads() -> Prepared:
    """Counting by one thread and by two: seconds of the clock."""
    link = counted_link(0)

    def once() -> tuple[dict[str, float], list[float]]:
        seconds, answer = {}, []
        for name, workers in (("one", 1), ("two", 2)):
            began = time.perf_counter()
            answer.append(count(link, COUNTED_SYMBOLS, workers))
            seconds[name] = time.perf_counter() - began
        return seconds, answer

    return once


def counting_processes() -> Prepared:
    """Counting by one process, and by two side by side that do as much each: seconds of the clock for the same work."""
    link = counted_link(0)
    pool = ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
    # dropped with this job, it would be closed by the time that the interpreter wakes it to end its workers
    atexit.register(pool.shutdown)

    def seconds(processes: int) -> float:
        began = time.perf_counter()
        assert len({*pool.map(count, [link] * processes, [COUNTED_SYMBOLS] * processes)}) == 1
        return time.perf_counter() - began

    # both are started and have the link's responses before a clock runs
    for _ in range(2):
        seconds(2)
    # half of the time that two take for twice the work
    return lambda: ({"one": seconds(1), "two": 0.5 * seconds(2)}, [])


def count_billion() -> Prepared:
    """1e9 symbols: what their memory is measured with."""
    link = counted_link(8)
    return timed(lambda: [count(link, 1_000_000_000)])


JOBS: dict[str, Callable[[], Prepared]] = {
    "dj": dj,
    "dj-fine": dj_fine,
    "kr1": kr1,
    "c2m": c2m,
    "light-wave": light_wave,
    "light-eye": light_eye,
    "copper-wave": copper_wave,
    "aggressors": aggressors,
    "counting-threads": counting_threads,
    "counting-processes": counting_processes,
    "count-billion": count_billion,
}


def main() -> None:
    """Prepare, warm, answer every line."""
    run = JOBS[sys.argv[1]]()
    # a job that is run for its memory has no use for a warm one
    if "--once" in sys.argv:
        print(json.dumps(run()[1]))
        return
    run()
    print(json.dumps({"ready": sirf.__file__}), flush=True)
    for _ in sys.stdin:
        seconds, answer = run()
        print(json.dumps({"seconds": seconds, "answer": answer}), flush=True)


if __name__ == "__main__":
    main()
