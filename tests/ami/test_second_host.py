"""PyIBIS-AMI as a second host on the same shared objects and files; in an environment of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sirf.ami.model import AmiModel

Models = Callable[..., AmiModel]
INTERVAL, M = 1e-12, 32
SCRIPT = """
import json, sys
import numpy as np
from pyibisami.ami.model import AMIModel, AMIModelInitializer
task = json.load(sys.stdin)
start = AMIModelInitializer(task["parameters"])
start.channel_response = task["impulse"]
start.row_size = len(task["impulse"])
start.sample_interval, start.bit_time = task["interval"], task["bit_time"]
model = AMIModel(task["so"])
model.initialize(start)
wave, clocks, _ = model.getWave(np.array(task["wave"]), bits_per_call=64)
answer = {"init": list(model._initOut), "wave": [float(x).hex() for x in wave], "clocks": [float(x) for x in clocks]}
print(json.dumps(answer))
"""


@pytest.fixture(scope="session")
def second_host(pyibis_python: str) -> Callable[..., dict[str, Any]]:
    """Runs a model in PyIBIS-AMI; skipped where its environment is not named."""

    def run(model: AmiModel, parameters: dict[str, Any], impulse: np.ndarray, wave: np.ndarray) -> dict[str, Any]:
        task = {
            "so": str(model.so), "parameters": parameters, "impulse": impulse.tolist(), "wave": wave.tolist(),
            "interval": INTERVAL, "bit_time": M * INTERVAL,
        }  # fmt: skip
        done = subprocess.run(
            [pyibis_python, "-c", SCRIPT], input=json.dumps(task), capture_output=True, text=True, check=True
        )
        return dict(json.loads(done.stdout.splitlines()[-1]))

    return run


@pytest.mark.parametrize(
    ("name", "given", "parameters"),
    [
        ("identity", {}, {"root_name": "identity"}),
        (
            "ffe",
            {"pre1": -0.1, "main": 0.7, "post1": -0.2},
            {"root_name": "ffe", "taps": {"pre2": 0.0, "pre1": -0.1, "main": 0.7, "post1": -0.2, "post2": 0.0}},
        ),
        ("receiver", {"peak_db": 6}, {"root_name": "receiver", "peak_db": 6.0, "zero": 1.0, "step": 0.001, "phase_step": 0.001}),
    ],
)  # fmt: skip
def test_both_hosts_get_the_same_from_a_shared_object(
    model: Models,
    second_host: Callable[..., dict[str, Any]],
    name: str,
    given: dict[str, Any],
    parameters: dict[str, Any],
) -> None:
    chosen = model(name, **given)
    generator = np.random.default_rng(1)
    impulse = np.zeros(512)
    impulse[20:200] = np.exp(-np.arange(180) / 30.0) / (30.0 * INTERVAL)
    wave = np.convolve(np.repeat(generator.integers(0, 2, 512) - 0.5, M), impulse * INTERVAL)[: 512 * M]
    theirs = second_host(chosen, parameters, impulse, wave)
    with chosen.open(samples=1 << 15, clocks=1024) as instance:
        text = chosen.ami.input_string(chosen.input_values(modulation="NRZ", order=2))
        init, _ = instance.init(impulse, sample_interval=INTERVAL, bit_time=M * INTERVAL, parameters=text)
        pieces = [instance.getwave(part)[0] for part in np.split(wave, 8)]
    np.testing.assert_allclose(init[0], theirs["init"], rtol=1e-9, atol=1e-9 * np.abs(init).max())
    np.testing.assert_array_equal(np.concatenate(pieces), [float.fromhex(value) for value in theirs["wave"]])
