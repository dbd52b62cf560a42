"""The process that runs a model: results, faults that end in a sentence, no environment, several at once."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sirf.ami import worker
from sirf.ami.host import Instance
from sirf.ami.model import AmiModel
from sirf.errors import AmiError

INTERVAL, PERIOD = 1e-12, 32e-12
Models = Callable[..., AmiModel]

CRASH_INIT, HANG_INIT, PRINT, FAIL, CRASH_GETWAVE, HANG_GETWAVE, EXIT, OVERRUN = range(1, 9)
SHOUT, FAIL_GETWAVE = 14, 15


def initialised(model: AmiModel, matrix: np.ndarray | None = None) -> Instance:
    instance = model.open(samples=1 << 15, clocks=1 << 10)
    given = np.zeros((1, 512)) if matrix is None else matrix
    parameters = model.ami.input_string(model.input_values(modulation="NRZ", order=2))
    try:
        instance.init(given, sample_interval=INTERVAL, bit_time=PERIOD, parameters=parameters)
    except AmiError:
        instance.kill()
        raise
    return instance


def test_init_filters_every_column(model: Models) -> None:
    matrix = np.zeros((3, 512))
    matrix[0, 10] = matrix[2, 20] = 1.0
    with initialised(model("ffe", pre1=-0.1, post1=-0.2), matrix) as instance:
        out = instance.wave[: matrix.size].reshape(matrix.shape).copy()
    assert out.shape == (3, 512)
    np.testing.assert_allclose(out[0, [42, 74, 106]], [-0.1, 1.0, -0.2])
    np.testing.assert_allclose(out[2, [52, 84, 116]], [-0.1, 1.0, -0.2])
    assert np.count_nonzero(out) == 6


def test_getwave_gives_the_waveform_and_clock_times(model: Models) -> None:
    with initialised(model("receiver")) as instance:
        wave, clocks, answer = instance.getwave(np.ones(3200))
        again = instance.getwave(np.ones(3200))[1]
    assert wave.shape == (3200,)
    assert 95 <= len(clocks) <= 101
    np.testing.assert_allclose(np.diff(np.concatenate([clocks, again])), PERIOD, rtol=2e-3)
    assert answer.out is not None
    assert "PAM4_UpperThreshold" in answer.out


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (CRASH_INIT, r"faulty.so must keep running, got a crash with signal 11 \(SIGSEGV\) in AMI_Init"),
        (HANG_INIT, "faulty.so must answer within 0.5 s, got none from AMI_Init"),
        (FAIL, "faulty.so must accept its settings, got failure of AMI_Init: tap must be below 3"),
        (OVERRUN, "faulty.so must keep to its waveform, got writing beyond its end in AMI_Init"),
        (CRASH_GETWAVE, r"got a crash with signal 6 \(SIGABRT\) in AMI_GetWave"),
        (HANG_GETWAVE, "faulty.so must answer within 0.5 s, got none from AMI_GetWave"),
        (EXIT, "got the end of its process with code 3 in AMI_GetWave"),
        (FAIL_GETWAVE, "got failure of AMI_GetWave: no message"),
    ],
)
def test_a_fault_is_one_sentence(model: Models, fault: int, message: str) -> None:
    chosen = model("faulty", fault=fault, time_limit=0.5)

    def run() -> None:
        with initialised(chosen) as instance:
            for _ in range(4):
                instance.getwave(np.ones(100))

    with pytest.raises(AmiError, match=message) as caught:
        run()
    assert "\n" not in str(caught.value)


def test_what_a_model_prints_is_kept_and_does_no_harm(model: Models, capfd: pytest.CaptureFixture[str]) -> None:
    with initialised(model("faulty", fault=PRINT)) as instance:
        assert set(instance.printed.splitlines()) == {"licence found", "debug build"}
    with initialised(model("faulty", fault=SHOUT)) as instance:
        assert instance.printed.startswith("this model prints far too much 0")
        assert len(instance.printed) <= 4096 < 1_000_000 < instance.printed_bytes
    assert capfd.readouterr() == ("", "")


def test_the_process_has_no_environment_and_a_folder_of_its_own(model: Models) -> None:
    with initialised(model("faulty")) as instance:
        process = instance._process
        assert process is not None
        assert Path(f"/proc/{process.pid}/environ").read_bytes() == b""
        assert Path(f"/proc/{process.pid}/cwd").readlink() == instance._own
        folder = instance._own
    assert not folder.exists()
    licensed = model("faulty", environment={"LICENCE": "27000@server"})
    with initialised(licensed) as instance:
        process = instance._process
        assert process is not None
        assert Path(f"/proc/{process.pid}/environ").read_bytes() == b"LICENCE=27000@server\0"


def test_nothing_stays_behind(model: Models) -> None:
    instance = initialised(model("identity"))
    process = instance._process
    assert process is not None
    del instance
    assert process.poll() is not None
    assert not Path(f"/proc/{process.pid}").exists()


def test_several_instances_keep_apart(model: Models) -> None:
    gains = [0.5, 1.0, 2.0]
    instances = [initialised(model("redriver", gain=gain)) for gain in gains]
    waves: dict[float, np.ndarray] = {}

    def run(gain: float, instance: Instance) -> None:
        for _ in range(20):
            waves[gain] = instance.getwave(np.full(4096, 0.25))[0]

    threads = [threading.Thread(target=run, args=pair) for pair in zip(gains, instances, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for gain, instance in zip(gains, instances, strict=True):
        np.testing.assert_array_equal(waves[gain], 0.25 * gain)
        instance.close()


def test_a_closed_instance_says_so(model: Models) -> None:
    instance = initialised(model("identity"))
    instance.close()
    with pytest.raises(AmiError, match=r"identity.so must be open for AMI_GetWave, got a closed instance"):
        instance.getwave(np.ones(10))


def test_a_missing_function_is_named(model: Models, objects: Callable[[str], Path]) -> None:
    promised = Path(__file__).parent / "models" / "identity.ami"
    with pytest.raises(AmiError, match=r"resolving.so must have AMI_GetWave, which identity.ami promises, got none"):
        AmiModel(promised, so=objects("resolving")).open(samples=100)


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"\x7fELF\x01\x01" + bytes(12) + struct.pack("<H", 3), "32-bit x86 for Linux"),
        (b"\x7fELF\x02\x01" + bytes(12) + struct.pack("<H", 183), "64-bit aarch64 for Linux"),
        (
            b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<H", 0x8664),
            "64-bit x86_64 for Windows",
        ),
        (b"\xcf\xfa\xed\xfe" + struct.pack("<I", 0x0100000C), "64-bit aarch64 for macOS"),
    ],
)
def test_another_machines_shared_object_is_named(tmp_path: Path, head: bytes, found: str) -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("the examples are of machines other than x86_64")
    file = tmp_path / "model.so"
    file.write_bytes(head + bytes(64))
    with pytest.raises(AmiError, match=f"so must be 64-bit x86_64 for Linux, got model.so, {found}"):
        Instance(file, samples=10)


def test_a_file_that_is_no_shared_object(tmp_path: Path, objects: Callable[[str], Path]) -> None:
    text = tmp_path / "model.so"
    text.write_text("(model)")
    with pytest.raises(AmiError, match=r"so must be a shared object, got model.so, which is none"):
        Instance(text, samples=10)
    cut = tmp_path / "cut.so"
    cut.write_bytes(objects("identity").read_bytes()[:2000])
    with pytest.raises(AmiError, match=r"cut.so must (load|keep running), got"):
        Instance(cut, samples=10)


def test_no_model_is_a_library_without_init(compiler: str, tmp_path: Path) -> None:
    source = tmp_path / "other.c"
    source.write_text("int answer(void) { return 42; }\n")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(tmp_path / "other.so"), str(source)], check=True)
    with pytest.raises(AmiError, match=r"other.so must have the function AMI_Init, got none"):
        Instance(tmp_path / "other.so", samples=10)


def test_the_process_starts_with_little() -> None:
    """A search of parameters starts hundreds of them."""
    command = [sys.executable, "-I", "-S", "-B", "-X", "importtime", worker.__file__]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert {"ctypes", "json"} <= loaded
    assert not loaded & {"typing", "dataclasses", "inspect", "pathlib", "numpy"}


def test_resolve_gives_what_follows(model: Models) -> None:
    chosen = model("resolving", grade=3)
    with chosen.open(samples=100) as instance:
        answer = instance.resolve(
            sample_interval=INTERVAL, bit_time=PERIOD, parameters=chosen.ami.input_string(chosen.values)
        )
    assert chosen.ami.outputs(answer.out, "answer") == {"tx_rj": 0.03, "gain": 0.25}


def test_replacing_values_keeps_the_others(model: Models) -> None:
    first = model("ffe", pre1=-0.1)
    second = first.replace(parameters={"taps.post1": -0.2})
    assert dict(second.parameters) == {"taps.pre1": -0.1, "taps.post1": -0.2}
    assert first.digest != second.digest
    assert first.digest == model("ffe", pre1=-0.1).digest
    assert repr(second) == "AmiModel('ffe.ami', so='ffe.so', taps.pre1=-0.1, taps.post1=-0.2)"
