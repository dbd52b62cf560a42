"""The checker finds what is wrong with a model, and nothing in one that conforms."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sirf.ami.check import AmiCheck, check_file, check_model
from sirf.ami.file import parse_ami
from sirf.ami.model import AmiModel

Models = Callable[..., AmiModel]
CRASH_GETWAVE, LEAK, RANDOM, BLOCKS, NONLINEAR, NO_NUMBER = 5, 9, 10, 11, 12, 13
PRINT, FAIL = 3, 4


def details(found: AmiCheck, status: str) -> dict[str, str]:
    return {one.topic: one.detail for one in found.findings if one.status == status}


@pytest.mark.parametrize("name", ["ffe", "receiver", "resolving"])
def test_a_conforming_model_has_no_problems(model: Models, name: str) -> None:
    found = check_model(model(name))
    assert found.problems == ()
    assert "does not grow" in details(found, "ok")["memory"]
    assert found.impulse_response is not None
    answer = found.to_dict()
    assert answer["problems"] == []
    assert set(answer) >= {"problems", "init", "getwave", "impulse_response"}


@pytest.mark.parametrize(
    ("fault", "topic", "detail"),
    [
        (FAIL, "AMI_Init", "failure of AMI_Init: tap must be below 3"),
        (CRASH_GETWAVE, "AMI_GetWave", "a crash with signal 6"),
        (LEAK, "memory", "grows by 10"),
        (RANDOM, "repetition", "AMI_Init differs from run to run"),
        (BLOCKS, "block size", "a waveform in eighths gives another output"),
        (NO_NUMBER, "AMI_Init", "returns NaN or infinity"),
    ],
)
def test_each_fault_is_found(model: Models, fault: int, topic: str, detail: str) -> None:
    assert detail in details(check_model(model("faulty", fault=fault)), "problem")[topic]


def test_what_is_allowed_but_worth_knowing_is_a_note(model: Models) -> None:
    found = check_model(model("faulty", fault=NONLINEAR))
    assert "adapts to its input" in details(found, "note")["linearity"]
    printing = check_model(model("faulty", fault=PRINT))
    assert "licence found" in details(printing, "note")["printing"]


def test_a_value_that_the_file_allows_and_the_model_refuses(model: Models) -> None:
    found = check_model(model("faulty"))
    assert found.problems == ()
    # the file of this one allows the value at which AMI_Init fails
    text = model("faulty").file.read_text().replace("(Range 0 0 20)", "(List 0 4)")
    folder = model("faulty").so.parent
    (folder / "listed.ami").write_text(text)
    listed = check_model(AmiModel(folder / "listed.ami", so=model("faulty").so))
    assert "fault = 4: faulty.so must accept its settings" in details(listed, "problem")["values"]


def test_the_file_alone() -> None:
    text = (
        '(m (Reserved_Parameters (AMI_Version (Usage Info) (Type String) (Value "5.1"))'
        "(Init_Returns_Impulse (Usage Info) (Type Boolean) (Value False)) "
        "(GetWave_Exists (Usage Info) (Type Boolean) (Value False))"
        "(Tx_Rj (Usage Info) (Type UI) (Value 0.01)) (Ignore_Bits (Usage In) (Type Float) (Value 10))))"
    )
    found = {(one.topic, one.detail.split(": ")[-1]) for one in check_file(parse_ami(text)) if one.status == "problem"}
    assert ("flow", "the model does nothing") in found
    assert ("version", "Tx_Rj belongs to IBIS 6 on, the file is 5.1") in found
    assert ("type", "Ignore_Bits must be integer, is float") in found
    assert ("usage", "Ignore_Bits must be dep or info or out, is in") in found


def test_the_table_names_every_step(model: Models) -> None:
    text = str(check_model(model("identity")))
    for topic in ("functions", "AMI_Init", "block size", "values", "memory"):
        assert topic in text
