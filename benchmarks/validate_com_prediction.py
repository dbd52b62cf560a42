"""Error ratios that COM predicts for P802.3dj against counts of the same receiver.

Run: python benchmarks/validate_com_prediction.py CHANNELS [--only NAME] [--symbols 1e8].

CHANNELS is a folder with `synthetic_224g_*` channels. At the setting that COM chooses, receiver noise is raised until COM with
feedback alone is 1 dB, so that errors can be counted; then three numbers face each other: the detector error ratio of COM's
distribution at A_s, the statistical engine's, and a count, all with the same taps, converter and sampling phase. Sequence
detection comes on top in the last two columns. Both are symbol error ratios, 2 (L - 1) / L times COM's one-sided ratio.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

import sirf
from sirf.channel.channel import Channel
from sirf.com.config.preset_settings import from_standard
from sirf.com.config.settings import ComSettings
from sirf.com.margin import com
from sirf.engine.front_end import front_end
from sirf.errors import SirfError
from sirf.link import Link
from sirf.receiver.converter import Converter
from sirf.receiver.receiver import Ctle
from sirf.results.margin import ComResult

STANDARD = "802.3dj-kr1"
CASES = ("A1", "B2")
TARGET_DB = 1.0
SYMBOLS = 8_000_000
PHASES = range(-64, 65)


def noisy(channel: Channel, case: str) -> tuple[ComSettings, ComResult]:
    """Settings of one point, its receiver noise raised to `TARGET_DB` of COM with feedback alone, and their result."""
    settings = from_standard(STANDARD)
    first = com(channel, config=settings, package_case=case)
    main = first.tx_taps.index(max(first.tx_taps))
    cursors = {index - main: tap for index, tap in enumerate(first.tx_taps) if index != main}
    ffe = tuple((cursor, (cursors.get(cursor, 0.0),)) for cursor, _ in settings.transmitter.ffe)
    ctle = replace(settings.receiver.ctle, g_dc_db=(first.ctle_db[0],), g_dc2_db=(first.ctle_db[1],))
    low, high = 1.0, 200.0
    for _ in range(12):
        factor = float(np.sqrt(low * high))
        receiver = replace(settings.receiver, ctle=ctle, noise_density=settings.receiver.noise_density * factor)
        point = replace(settings, transmitter=replace(settings.transmitter, ffe=ffe), receiver=receiver)
        found = com(channel, config=point, package_case=case, trace=True)
        assert found.ledger is not None
        low, high = (factor, high) if found.ledger.feedback_com_db > TARGET_DB else (low, factor)
    return point, found


def same_receiver(channel: Channel, case: str, settings: ComSettings, result: ComResult) -> Link:
    """A link with the taps, gains and converter of a COM result, sampled where its statistics are best."""
    link = Link(channel, standard=STANDARD, package_case=case)
    main = result.tx_taps.index(max(result.tx_taps))
    assert result.ledger is not None
    assert isinstance(link.receiver.ctle, Ctle)
    places = sorted(result.ledger.ffe_taps)
    ffe = np.zeros(places[-1] - places[0] + 1)
    for place, tap in result.ledger.ffe_taps.items():
        ffe[place - places[0]] = tap
    bits = int(settings.receiver.detector.adc_bits)
    receiver = replace(
        link.receiver,
        noise_density=settings.receiver.noise_density,
        ctle=replace(link.receiver.ctle, g_dc_db=result.ctle_db[0], g_dc2_db=result.ctle_db[1]),
        ffe=tuple(ffe.tolist()),
        ffe_main=-places[0],
        dfe=result.dfe_taps,
        mlse=None,
        converter=Converter(bits=bits, full_scale=1e-3 * result.ledger.step_mv * 2.0 ** (bits - 1)),
    )
    link = link.replace(transmitter=replace(link.transmitter, ffe=result.tx_taps, ffe_main=main), receiver=receiver)

    def at(phase: int) -> Link:
        offset = float(phase) / link.samples_per_ui
        return link.replace(receiver=replace(receiver, sampling_offset_ui=offset))

    def closure(phase: int) -> float:
        try:
            end = front_end(at(phase))
        except SirfError:
            return np.inf
        cursors, place = end.cursors(end.through), end.pre_cursors
        cursors[place + 1] -= result.dfe_taps[0] * cursors[place]
        power = float(np.sum(cursors**2)) - float(cursors[place] ** 2)
        return (power + end.receiver_noise**2) / float(cursors[place] ** 2)

    start = min(PHASES, key=closure)
    near = [at(start + step) for step in range(-2, 3)]
    return min(near, key=lambda one: sirf.statistical_eye(one, phases=1, ideal_feedback=True).ser)


def main() -> None:
    """Print a row for every channel and package case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder with synthetic_224g_* channels")
    parser.add_argument("--only", default="", help="channels whose name ends so")
    parser.add_argument(
        "--case", action="append", help=f"package case, again for more (default: {' and '.join(CASES)})"
    )
    parser.add_argument("--symbols", type=float, default=SYMBOLS, help="symbols counted with each receiver")
    arguments = parser.parse_args()
    symbols = int(arguments.symbols)
    print("| channel, case | COM's distribution | statistics | count (99 %) | with detection: statistics | count |")
    print("|---|---|---|---|---|---|")
    for where in sorted(arguments.folder.glob(f"synthetic_224g_*{arguments.only}")):
        channel = Channel.from_touchstone(
            where / "thru.s4p", fext=sorted(where.glob("fext*.s4p")), next=sorted(where.glob("next*.s4p"))
        )
        for case in arguments.case or CASES:
            settings, result = noisy(channel, case)
            volts, probability = result.distribution
            below = float(np.sum(probability[volts <= -1e-3 * result.available_signal_mv]))
            link = same_receiver(channel, case, settings, result)
            seen = sirf.statistical_eye(link, phases=1, ideal_feedback=True).ser
            count = sirf.count_errors(link, max_errors=10**9, max_symbols=symbols, rng=1, ideal_feedback=True)
            detector = link.replace(
                receiver=replace(link.receiver, mlse=sirf.Link(channel, standard=STANDARD).receiver.mlse)
            )
            both = sirf.statistical_eye(detector, phases=1).ser
            viterbi = sirf.count_errors(detector, max_errors=10**9, max_symbols=symbols, rng=1)
            print(
                f"| {where.name}, {case} | {1.5 * below:.3g} | {seen:.3g} | {count.ser:.3g} "
                f"({2 * count.ber_low:.3g} to {2 * count.ber_high:.3g}) | {both:.3g} | {viterbi.ser:.3g} "
                f"({2 * viterbi.ber_low:.3g} to {2 * viterbi.ber_high:.3g}) |",
                flush=True,
            )


if __name__ == "__main__":
    main()
