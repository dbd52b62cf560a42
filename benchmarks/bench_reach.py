"""One reach and one map of 10 x 7 points, warm: 2 s and 8 s. Each answer is checked by single evaluations.

python benchmarks/bench_reach.py
"""

from __future__ import annotations

import sys
import time

import numpy as np

import sirf
from sirf.channel.path import load_path
from sirf.study.figures import figure_value
from sirf.study.maps import Map
from sirf.study.reach_result import Reach
from sirf.study.scaled import path_with_loss
from sirf.study.subject import PathSubject, subject_of

STANDARD, BER = "802.3ck-c2m", 1e-5
REACH_LIMIT, MAP_LIMIT = 2.0, 8.0
LENGTHS, LOSSES = np.geomspace(0.1, 0.8, 10), np.linspace(0.6, 2.4, 7)


def find() -> Reach:
    """Reach of a board with connector and module."""
    return sirf.reach("pluggable", standard=STANDARD, limit={"ber": BER})


def draw() -> Map:
    """The same board over length and loss."""
    return sirf.length_loss_map("pluggable", standard=STANDARD, lengths=LENGTHS, losses_db_per_inch=LOSSES)


def check(found: Reach, drawn: Map) -> None:
    """The reach, the length from which all miss, and a corner of the map, evaluated by themselves.

    Error ratios of this board ripple by a factor of two from length to length: between both lengths they meet or miss by chance.
    """
    assert found.reach_mm is not None
    subject = subject_of("pluggable", standard=STANDARD)
    beyond = (1.0 + found.tolerance) * found.reach_mm
    assert all(value <= BER for length, value, _ in found.curve if length <= found.reach_mm)
    assert all(value > BER for length, value, _ in found.curve if length >= beyond)
    assert found.tolerance < 0.1
    inside, outside = (figure_value(subject.sections(1e-3 * length), "ber") for length in (found.reach_mm, beyond))
    assert inside <= BER < outside
    path = path_with_loss(load_path("pluggable", rate_class="100g"), float(LOSSES[-1]), 26.5625e9)
    corner = figure_value(PathSubject(path=path, standard=STANDARD).sections(float(LENGTHS[2])), "ber")
    assert np.isclose(drawn.values[2, -1], corner, rtol=1e-6)
    assert np.all(np.diff(drawn.at_limit(BER)[np.isfinite(drawn.at_limit(BER))]) < 0.0)


def main() -> int:
    """Print the times; with --strict, 1 when one is over its limit (machines are noisy: by default it only says so)."""
    check(find(), draw())
    start = time.perf_counter()
    found = find()
    reach_s = time.perf_counter() - start
    start = time.perf_counter()
    drawn = draw()
    map_s = time.perf_counter() - start
    print(f"reach, {len(found.curve)} lengths {reach_s:8.2f} s   limit {REACH_LIMIT:g} s")
    print(f"map, {drawn.values.size} points    {map_s:8.2f} s   limit {MAP_LIMIT:g} s")
    return 1 if "--strict" in sys.argv and (reach_s > REACH_LIMIT or map_s > MAP_LIMIT) else 0


if __name__ == "__main__":
    sys.exit(main())
