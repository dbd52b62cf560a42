"""Runs the peers: `python benchmarks/peers/run.py [--environments FOLDER] [--only NAME] [--json FILE]`.

Each peer gets a virtual environment of its own (kept in FOLDER) and the same input as sirf: seconds are processor time of the job
itself, without imports on either side. Whether the answers agree is computed, and why not is said.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import skrf

import sirf
from sirf import fec
from sirf.ami.model import AmiModel
from sirf.com.config.sheet import parse_changes
from sirf.com.config.workbook import from_workbook
from sirf.engine.counting.baud_rate import BaudRateLink
from sirf.engine.counting.noise_filter import noise_taps
from sirf.equalizer.mmse_equalizer import mmse_equalizer
from sirf.optics.fibre import Fibre
from sirf.study.machine_limits import cpu_seconds
from sirf.transmitter.transmitter import NO_JITTER

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.ami.build import MODELS, build, find_compiler

SIDES = Path(__file__).parent / "sides"
M, SYMBOLS, RATE, BLOCK = 32, 1 << 12, 10e9, 1024
LINK_SYMBOLS, ERROR_SYMBOLS = 15_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """One peer beside sirf: processor seconds of both, largest difference of the answers, and the reason for it."""

    peer: str
    version: str
    command: str
    job: str
    peer_seconds: float
    sirf_seconds: float
    difference: float
    agrees: bool
    why: str

    @property
    def ratio(self) -> float:
        """How many times as long the peer takes."""
        return self.peer_seconds / self.sirf_seconds


def pair(folder: Path) -> tuple[Any, float]:
    """A 4-port of two lines of unequal length; its differential transfer by sirf."""
    path = sirf.paths.pluggable(rate_class="100g").to_channel().through
    skew = np.exp(-2j * np.pi * path.frequency * 2e-12)
    s = np.zeros((len(path.frequency), 4, 4), dtype=complex)
    s[:, :2, :2] = path.s
    s[:, 2:, 2:] = path.s * np.array([[1.0, 0.0], [0.0, 1.0]]) + path.s * skew[:, None, None] * np.array(
        [[0, 1], [1, 0]]
    )
    frequency = skrf.Frequency.from_f(path.frequency, unit="Hz")
    skrf.Network(frequency=frequency, s=s, z0=50.0).write_touchstone("pair", dir=str(folder))
    file = folder / "pair.s4p"

    def transfer() -> Any:
        return sirf.Channel.from_touchstone(file, port_order="12-34").through.s[:, 1, 0]

    return transfer(), cpu_seconds(transfer)


def words(folder: Path) -> tuple[Any, float]:
    """Words of RS(544,514) with errors at the threshold of the code, decoded by sirf."""
    code, generator = fec.load("kp4"), np.random.default_rng(1)
    messages = generator.integers(0, 1024, (40, 514))
    flips = ((generator.random((40, 544, 10)) < 2.4e-4) << np.arange(10)).sum(axis=-1).astype(np.uint16)
    received = code.encode(messages) ^ flips
    np.savez(folder / "words.npz", received=received, polynomial=code.field_polynomial)
    many = np.tile(received, (50, 1))
    return code.decode(received).symbols, cpu_seconds(lambda: code.decode(many)) / 50.0


def wave(folder: Path) -> tuple[Any, float]:
    """NRZ at 32 samples a UI through AMI_GetWave of a five-tap FFE, by sirf's host; the model's own time is in both."""
    compiler = find_compiler()
    if compiler is None:
        raise SystemExit("a C compiler must be there for the jobs with vendor models")
    model = AmiModel(MODELS / "ffe.ami", so=build("ffe", compiler), pre1=-0.1, main=0.7, post1=-0.2)
    interval = 1.0 / (M * RATE)
    impulse = np.zeros(512)
    impulse[10] = 1.0 / interval
    sent = np.repeat(np.random.default_rng(1).integers(0, 2, SYMBOLS) - 0.5, M)
    np.savez(
        folder / "wave.npz", wave=sent, impulse=impulse, interval=interval, samples_per_ui=M, so=str(model.so.resolve()),
        ami=str(model.file.resolve()),
    )  # fmt: skip
    parameters = model.ami.input_string(model.input_values(modulation="NRZ", order=2))
    with model.open(samples=BLOCK * M, clocks=BLOCK) as instance:

        def hosted() -> Any:
            pieces = [sent[at : at + BLOCK * M] for at in range(0, len(sent), BLOCK * M)]
            return np.concatenate([instance.getwave(piece)[0] for piece in pieces])

        def fresh() -> None:
            instance.init(impulse[None, :], sample_interval=interval, bit_time=1.0 / RATE, parameters=parameters)

        fresh()
        answer = hosted()
        # the model's process has a clock of its own: wall time holds both
        times = []
        for _ in range(9):
            fresh()
            start = time.perf_counter()
            hosted()
            times.append(time.perf_counter() - start)
    return answer, float(np.median(times))


def whole_link(folder: Path) -> tuple[Any, float]:
    """NRZ through the same model, a channel from a file and a receiver of sirf's own, to eye and counted errors.

    The answer is the channel's magnitude at half the symbol rate: what both must have read alike. The time holds the model's
    process and the preparation of the link.
    """
    compiler = find_compiler()
    if compiler is None:
        raise SystemExit("a C compiler must be there for the jobs with vendor models")
    model = AmiModel(MODELS / "ffe_wave.ami", so=build("ffe", compiler))
    through = sirf.paths.pluggable(rate_class="100g").to_channel(np.arange(0.0, 60e9, 10e6)).through
    skrf.Network(f=through.frequency, f_unit="Hz", s=through.s, z0=100.0).write_touchstone("channel", dir=str(folder))
    np.savez(
        folder / "link.npz", rate=RATE, samples_per_ui=M, symbols=LINK_SYMBOLS, so=str(model.so.resolve()),
        ami=str(model.file.resolve()),
    )  # fmt: skip

    def seconds() -> float:
        used = os.times()
        return used.user + used.system + used.children_user + used.children_system

    def link() -> sirf.Link:
        return sirf.Link(
            sirf.Channel.from_touchstone(folder / "channel.s2p", plane="die"),
            symbol_rate=RATE,
            modulation="NRZ",
            samples_per_ui=M,
            transmitter=sirf.Transmitter(amplitude=0.5, amplitude_fext=0.5, amplitude_next=0.5),
            transmitter_model=model,
            receiver=sirf.Receiver(noise_corner=0.75 * RATE, noise_density=1e-17),
        )

    spent = []
    for seed in range(3):
        began = seconds()
        assert sirf.simulate(link(), symbols=LINK_SYMBOLS, rng=seed).errors.symbols == LINK_SYMBOLS
        spent.append(seconds() - began)
    return np.array([np.interp(0.5 * RATE, through.frequency, np.abs(through.s[:, 1, 0]))]), float(np.median(spent))


def dispersed(folder: Path) -> tuple[Any, float]:
    """Power of PAM4 light behind 2 km of fibre, 2^18 samples at eight a symbol, by sirf."""
    fibre, rate = Fibre(2000.0, dispersion=1.6, wavelength=1310e-9, loss_db_per_km=0.4), 8.0 * 53.125e9
    levels = np.array([0.2, 0.6, 1.0, 1.4]) * 1e-3
    power = np.repeat(levels[np.random.default_rng(1).integers(0, 4, 1 << 15)], 8)
    np.savez(
        folder / "fibre.npz", power=power, rate=rate, km=2.0, dispersion=1.6, wavelength=1310e-9, loss_db_per_km=0.4
    )
    return fibre.propagate(power, rate), cpu_seconds(lambda: fibre.propagate(power, rate))


def margin(folder: Path) -> tuple[Any, float]:
    """COM of a published 802.3dj workbook with one transmitter and CTLE setting, without the raised cosine that one side lacks.

    Reading the channel counts on both sides, reading the workbook on neither.
    """
    place = os.environ.get("SIRF_REFERENCE_DIR")
    if place is None:
        raise SystemExit("SIRF_REFERENCE_DIR must name the reference data for the job with COM")
    workbook = Path(place) / "golden" / "com" / "config_com_ieee8023dj_PyChOpMarg_vs_MATLAB.xls"
    through = Path(place) / "channels" / "synthetic_224g_board" / "thru.s4p"
    np.savez(folder / "com.npz", workbook=str(workbook), through=str(through))
    settings = from_workbook(workbook, changes=parse_changes(["Raised_Cosine=0"]))

    def run() -> float:
        found = sirf.com(sirf.Channel.from_touchstone(through), config=settings)
        return float(found[0].com_db if isinstance(found, list) else found.com_db)

    return np.array([run()]), cpu_seconds(run)


def errors(folder: Path) -> tuple[Any, float]:
    """Symbol error ratio of PAM4 behind `backplane_12db` and an eight-tap FFE, without feedback; the peer gets sirf's samples.

    The samples are those ahead of the FFE, one a symbol, and their noise has the power that the receiver's filters leave. In sirf
    it has their colour too.
    """
    place = os.environ.get("SIRF_REFERENCE_DIR")
    if place is None:
        raise SystemExit("SIRF_REFERENCE_DIR must name the reference data for the job with errors")
    file = Path(place) / "channels" / "backplane_12db" / "thru.s4p"
    link = sirf.Link(sirf.Channel.from_touchstone(file), standard="802.3ck-kr1").optimized()
    link = mmse_equalizer(link, ffe=(3, 4), dfe=0)
    receiver = replace(link.receiver, noise_density=1e-15)
    link = link.replace(receiver=receiver, transmitter=replace(link.transmitter, jitter=NO_JITTER, snr_db=None))
    whole = BaudRateLink(link)
    ahead = BaudRateLink(link.replace(receiver=replace(receiver, ffe=(1.0,), ffe_main=0))).end
    cursors = ahead.cursors(ahead.through)
    # what the peer's FFE makes of these samples is what sirf's receiver sees: nothing but noise can differ
    assert abs(np.convolve(cursors, receiver.ffe).max() / whole.end.main_cursor - 1.0) < 1e-9
    sent = np.random.default_rng(1).integers(0, link.order, ERROR_SYMBOLS)
    samples = np.convolve(link.levels[sent], cursors)[ahead.pre_cursors :][:ERROR_SYMBOLS]
    np.savez(
        folder / "errors.npz", samples=samples, sent=sent, levels=link.levels, ffe=receiver.ffe, ffe_main=receiver.ffe_main,
        main_cursor=whole.end.main_cursor, noise=np.sqrt(np.sum(noise_taps(ahead) ** 2)),
    )  # fmt: skip

    def count() -> Any:
        return sirf.count_errors(link, max_errors=10**9, max_symbols=ERROR_SYMBOLS, rng=1)

    return np.array([sirf.statistical_eye(link, phases=1).ser]), cpu_seconds(count)


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer: what pip installs, the script of its side, the job, the largest difference that counts as agreement."""

    requirement: str
    script: str
    job: str
    prepare: Callable[[Path], tuple[Any, float]]
    tolerance: float
    why: str = ""


# fmt: off
PEERS = {
    "scikit-rf": Peer("scikit-rf==2.2.0", "scikit_rf.py", "4-port file to differential transfer", pair, 1e-9),
    "serdespy": Peer("serdespy==1.0", "serdespy_side.py", "4-port file to differential transfer", pair, 1e-9,
        "it refers the transfer to the open source, which is half of ours: twice its answer is ours"),
    "serdespy-errors": Peer("serdespy==1.0", "serdespy_link_side.py", "errors of 1000000 PAM4 symbols", errors, 5e-2,
        "its noise is white ahead of the FFE, of the same power there: the FFE makes 0.93 of the coloured noise's voltage of it"),
    "SignalIntegrity": Peer("SignalIntegrity==1.5.2", "signalintegrity_side.py", "4-port file to differential transfer", pair,
        1e-9),
    "OptiCommPy": Peer("OptiCommPy==0.11.0", "opticommpy_side.py", "dispersion of 2^18 samples of light", dispersed, 1e-9),
    "PyChOpMarg": Peer("PyChOpMarg==3.4.0", "pychopmarg_side.py", "COM of an 802.3dj workbook", margin, 5e-3,
        "it does not turn the receiver's package lines round"),
    "galois": Peer("galois==0.4.11", "galois_side.py", "RS(544,514), 40 words", words, 0.0),
    "PyIBIS-AMI": Peer("pyibis-ami==10.0.0", "pyibisami_side.py", "AMI_GetWave, 4096 symbols", wave, 0.0),
    "PyBERT": Peer("pipbert==11.1.0", "pybert_side.py", "AMI_GetWave, 4096 symbols", wave, 0.0,
        "it measures the response first with the same instance, whose memory then colours the first 3 UI; all else is equal"),
    "PyBERT-link": Peer("pipbert==11.1.0", "pybert_link_side.py", "whole link, 15000 symbols", whole_link, 1e-2,
        "it puts the file on a grid of its own"),
}
# fmt: on


def interpreter(name: str, peer: Peer, environments: Path) -> Path:
    """Python of the peer's own environment, made where it is not there yet."""
    place = environments / name.lower()
    python = place / "bin" / "python"
    if not python.is_file():
        venv.create(place, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", peer.requirement], check=True)
    return python


def run(name: str, peer: Peer, environments: Path) -> Outcome:
    """One peer and sirf on the same input."""
    python = interpreter(name, peer, environments)
    with tempfile.TemporaryDirectory() as folder:
        expected, own = peer.prepare(Path(folder))
        subprocess.run([python, SIDES / peer.script, folder], check=True, stdout=subprocess.DEVNULL)
        with np.load(Path(folder) / "answer.npz") as found:
            answer, seconds, version = found["answer"], float(found["seconds"]), str(found["version"])
    size = min(len(answer), len(expected))
    difference = float(np.abs(answer[:size] - expected[:size]).max() / np.abs(expected).max())
    agrees = len(answer) == len(expected) and difference <= peer.tolerance
    command = f"python benchmarks/peers/run.py --only {name}"
    return Outcome(name, version, command, peer.job, seconds, own, difference, agrees, "" if agrees else peer.why)


def main() -> None:
    """Run, print, write."""
    options = argparse.ArgumentParser()
    options.add_argument("--environments", type=Path, default=Path(tempfile.gettempdir()) / "sirf-peers")
    options.add_argument("--only", choices=list(PEERS), action="append")
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    outcomes = [run(name, PEERS[name], given.environments) for name in given.only or PEERS]
    for one in outcomes:
        print(
            f"{one.peer:12s} {one.version:8s} {one.job:38s} {one.peer_seconds:9.4f} s, sirf {one.sirf_seconds:9.5f} s, "
            f"{one.ratio:7.1f} x; answers {'agree' if one.agrees else 'differ'} ({one.difference:.1e}) {one.why}"
        )
    if given.json is not None:
        text = json.dumps({"outcomes": [asdict(one) for one in outcomes]}, indent=1)
        given.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
