"""Vendor models: what the host adds to AMI_GetWave, symbols a second of whole runs, PyIBIS-AMI on the same shared object.

    python benchmarks/bench_ami.py [--peer PYTHON]

PYTHON is the interpreter of an environment with pyibis-ami 10.0.0. Times are CPU seconds of all processes, answers asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
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

M, SYMBOLS = 32, 1 << 18
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
    """CPU seconds of this process and of its children, those that run as well."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime + sum(_child_seconds(int(pid)) for pid in os.listdir("/proc") if pid.isdigit())


def _child_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except (OSError, ValueError):
        return 0.0
    if int(fields[1]) != os.getpid():
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def best(run: Callable[[], float], times: int = 3) -> float:
    return min(run() for _ in range(times))


def host_cost(model: AmiModel) -> tuple[float, float, float]:
    """Seconds of AMI_GetWave called in this process, seconds through the host, and the sum of the output's sizes."""
    from sirf.ami.worker import Model

    wave = np.repeat(np.random.default_rng(1).integers(0, 2, SYMBOLS) - 0.5, M)
    interval, block = 1.0 / (M * RATE), 4096 * M
    parameters = model.ami.input_string(model.input_values(modulation="NRZ", order=2))
    h = np.zeros((1, 512))
    h[0, 10] = 1.0 / interval
    with tempfile.NamedTemporaryFile() as shared:
        shared.truncate(8 * (block + 512))
        direct = Model(str(model.so), shared.name, 8 * (block + 512))
    values = np.frombuffer(direct.map, dtype=np.float64)
    values[:512] = h
    direct.run_init(512, 0, interval, 1.0 / RATE, parameters)
    total = 0.0

    def alone() -> float:
        nonlocal total
        start, total = cpu(), 0.0
        for at in range(0, len(wave), block):
            values[:block] = wave[at : at + block]
            direct.run_getwave(block, block)
        return cpu() - start

    with model.open(samples=block, clocks=4096) as instance:
        instance.init(h, sample_interval=interval, bit_time=1.0 / RATE, parameters=parameters)

        def hosted() -> float:
            nonlocal total
            start, total = cpu(), 0.0
            for at in range(0, len(wave), block):
                instance.wave[:block] = wave[at : at + block]
                instance.start_getwave(block)
                instance.finish_getwave()
            return cpu() - start

        first, second = best(alone), best(hosted)
        instance.init(h, sample_interval=interval, bit_time=1.0 / RATE, parameters=parameters)
        for at in range(0, len(wave), block):
            total += float(np.sum(np.abs(instance.getwave(wave[at : at + block])[0])))
    return first, second, total


def run_speed(base: sirf.Link, symbols: int) -> float:
    """Symbols a CPU second of a run, the start of its processes and the first 32768 symbols taken off by a shorter run."""

    def seconds(count: int) -> float:
        start = cpu()
        assert sirf.simulate(base, symbols=count, rng=1).errors.errors >= 0
        return cpu() - start

    seconds(1000)
    return symbols / (best(lambda: seconds(2 * symbols), 2) - best(lambda: seconds(symbols), 2))


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--peer", type=Path)
    peer = options.parse_args().peer
    compiler = find_compiler()
    assert compiler is not None, "a C compiler must be there"
    models = {
        name: AmiModel(MODELS / f"{name}.ami", so=build(name, compiler)) for name in ("ffe", "redriver", "receiver")
    }
    ffe = models["ffe"].replace(parameters={"pre1": -0.1, "main": 0.7, "post1": -0.2})
    alone, hosted, total = host_cost(ffe)
    print(f"AMI_GetWave of the FFE, {SYMBOLS} symbols of {M} samples: {alone:.3f} s alone, {hosted:.3f} s hosted, "
          f"host {100 * (hosted / alone - 1):.0f} %, {SYMBOLS / hosted / 1e6:.2f} M symbols/s")  # fmt: skip
    base = link(noise=1e-13, crosstalk=0.0, samples_per_ui=M)
    cases = {
        "Init of the transmitter": base.replace(transmitter_model=ffe),
        "GetWave of the receiver": base.replace(receiver_model=models["redriver"]),
        "GetWave on both sides": base.replace(transmitter_model=ffe, receiver_model=models["redriver"]),
        "adaptive receiver with clocks": base.replace(receiver_model=models["receiver"]),
    }
    cases["Init of the transmitter"] = base.replace(
        transmitter_model=AmiModel(MODELS / "ffe_init.ami", so=ffe.so, parameters={"main": 0.7, "post1": -0.2})
    )
    for name, one in cases.items():
        print(f"{name}: {run_speed(one, SYMBOLS) / 1e6:.2f} M symbols per CPU second")
    if peer is not None:
        few = 1 << 12
        command = [str(peer), "-c", PEER, str(ffe.so), str(few), str(M), str(1.0 / (M * RATE))]
        began = time.time()
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        rate = few / answer["seconds"]
        print(f"PyIBIS-AMI on the same shared object: {rate / 1e6:.4f} M symbols/s ({time.time() - began:.1f} s), sirf's host "
              f"{SYMBOLS / hosted / rate:.0f} times as fast")  # fmt: skip
    assert total > 0


if __name__ == "__main__":
    main()
