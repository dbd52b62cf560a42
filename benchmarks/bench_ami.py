"""Vendor models: what the host adds to AMI_GetWave, symbols a second of whole runs, PyIBIS-AMI on the same shared object.

    python benchmarks/bench_ami.py [--peer PYTHON]

PYTHON is the interpreter of an environment with pyibis-ami 10.0.0. Times are CPU seconds of all processes, answers asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import sirf
from sirf.ami.model import AmiModel
from tests.ami.build import MODELS, build, find_compiler
from tests.ami.links import RATE, link

M, SYMBOLS, TURNS = 32, 1 << 18, 15
MOST_HOST_COST = 0.15
"""Part of a linear model's run that its host may add."""
PEER = """
import json, sys, time
import numpy as np
from ctypes import c_double
from pyibisami.ami.model import AMIModel, AMIModelInitializer
so, symbols, m, interval = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
h = np.zeros(512); h[10] = 1.0 / interval
start = AMIModelInitializer({"root_name": "ffe", "taps": {"pre1": -0.1, "main": 0.7, "post1": -0.2}})
start.channel_response = h; start.row_size = 512
start.sample_interval, start.bit_time = interval, interval * m
model = AMIModel(so); model.initialize(start)
wave = np.repeat(np.random.default_rng(1).integers(0, 2, symbols) - 0.5, m)
begin = time.process_time()
out = model.getWave(wave)[0]
print(json.dumps({"seconds": time.process_time() - begin, "sum": float(np.sum(np.abs(out)))}))
"""


def cpu() -> float:
    """CPU seconds of this process and of its children, those that have ended and those that run."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used) + sum(
        _child_seconds(int(pid)) for pid in os.listdir("/proc") if pid.isdigit()
    )


def _child_seconds(pid: int) -> float:
    try:
        parent = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1]
        return run_seconds(pid) if int(parent) == os.getpid() else 0.0
    except (OSError, ValueError):
        return 0.0


def run_seconds(pid: int) -> float:
    """Seconds that a process of one thread has run, to the nanosecond: the counters in /proc/PID/stat move in steps of 10 ms."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) * 1e-9


def best(run: Callable[[], float], times: int = 3) -> float:
    return min(run() for _ in range(times))


def host_cost(model: AmiModel) -> tuple[float, float]:
    """CPU seconds of a run through AMI_GetWave called in this process, and of the same run through the host: medians of turns.

    Both go through the same blocks in turn, so that what else runs on the machine slows both. Of the hosted run the model's
    process counts by its own counter, this process by its clock.
    """
    from sirf.ami.worker import Model

    interval, block, blocks = 1.0 / (M * RATE), 4096 * M, SYMBOLS // 4096
    wave = np.repeat(np.random.default_rng(1).integers(0, 2, 4096) - 0.5, M)
    parameters = model.ami.input_string(model.input_values(modulation="NRZ", order=2))
    h = np.zeros((1, 512))
    h[0, 10] = 1.0 / interval
    with tempfile.NamedTemporaryFile() as shared:
        shared.truncate(8 * (block + 512))
        direct = Model(str(model.so), shared.name, 8 * (block + 512))
    values = np.frombuffer(direct.map, dtype=np.float64)
    values[:512] = h
    direct.run_init(512, 0, interval, 1.0 / RATE, parameters)
    reference = np.empty(block)

    def alone() -> float:
        start = time.process_time()
        for _ in range(blocks):
            values[:block] = wave
            direct.run_getwave(block, block)
        reference[:] = values[:block]
        return time.process_time() - start

    with model.open(samples=block, clocks=4096) as instance:
        instance.init(h, sample_interval=interval, bit_time=1.0 / RATE, parameters=parameters)

        def hosted() -> float:
            start = time.process_time() + run_seconds(instance.pid)
            for _ in range(blocks):
                instance.wave[:block] = wave
                instance.start_getwave(block)
                instance.finish_getwave()
            assert np.array_equal(instance.wave[:block], reference)
            return time.process_time() + run_seconds(instance.pid) - start

        turns = [(alone(), hosted()) for _ in range(TURNS)]
    return statistics.median(one for one, _ in turns), statistics.median(other for _, other in turns)


def run_speed(base: sirf.Link, symbols: int) -> float:
    """Symbols a CPU second of a run, the start of its processes and the first 32768 symbols taken off by a shorter run.

    The long run is five times the short one: the difference of two that are nearly alike would be mostly scatter.
    """

    def seconds(count: int) -> float:
        start = cpu()
        assert sirf.simulate(base, symbols=count, rng=1).errors.errors >= 0
        return cpu() - start

    seconds(1000)
    return 4 * symbols / (best(lambda: seconds(5 * symbols)) - best(lambda: seconds(symbols)))


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--peer", type=Path)
    peer = options.parse_args().peer
    compiler = find_compiler()
    assert compiler is not None, "a C compiler must be there"
    models = {
        name: AmiModel(MODELS / f"{name}.ami", so=build(name, compiler)) for name in ("ffe", "redriver", "receiver")
    }
    wave = AmiModel(MODELS / "ffe_wave.ami", so=models["ffe"].so, parameters={"main": 0.7, "post1": -0.2})
    ffe = models["ffe"].replace(parameters={"pre1": -0.1, "main": 0.7, "post1": -0.2})
    base = link(noise=1e-13, crosstalk=0.0, samples_per_ui=M)
    cases = {
        "Init of the transmitter": base.replace(transmitter_model=ffe),
        "GetWave of the transmitter": base.replace(transmitter_model=wave),
        "GetWave of the receiver": base.replace(receiver_model=models["redriver"]),
        "GetWave on both sides": base.replace(transmitter_model=ffe, receiver_model=models["redriver"]),
        "adaptive receiver with clocks": base.replace(receiver_model=models["receiver"]),
    }
    cases["Init of the transmitter"] = base.replace(
        transmitter_model=AmiModel(MODELS / "ffe_init.ami", so=ffe.so, parameters={"main": 0.7, "post1": -0.2})
    )
    speeds = {name: run_speed(one, SYMBOLS) for name, one in cases.items()}
    for name, speed in speeds.items():
        print(f"{name}: {speed / 1e6:.2f} M symbols per CPU second")
    alone, hosted = host_cost(ffe)
    own, run = (hosted - alone) / SYMBOLS, 1.0 / speeds["GetWave of the transmitter"]
    print(
        f"AMI_GetWave of the FFE, {M} samples a symbol: {1e9 * alone / SYMBOLS:.0f} ns a symbol alone, "
        f"{1e9 * hosted / SYMBOLS:.0f} ns hosted; the host's own {1e9 * own:.0f} ns are {100 * own / run:.0f} % of the run's "
        f"{1e9 * run:.0f} ns (asked {100 * MOST_HOST_COST:.0f}) and {100 * (hosted / alone - 1):.0f} % of the model's own"
    )
    assert own < MOST_HOST_COST * run
    if peer is not None:
        few = 1 << 12
        command = [str(peer), "-c", PEER, str(ffe.so), str(few), str(M), str(1.0 / (M * RATE))]
        began = time.time()
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        rate = few / answer["seconds"]
        print(f"PyIBIS-AMI on the same shared object: {rate / 1e6:.4f} M symbols/s ({time.time() - began:.1f} s), sirf's host "
              f"{SYMBOLS / hosted / rate:.0f} times as fast")  # fmt: skip


if __name__ == "__main__":
    main()
