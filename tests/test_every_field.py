"""Every field of every value that a link is made of: changed, it changes an answer, or stands here as one that describes only."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from functools import cache
from typing import Any

import pytest

from sirf.link import Link
from sirf.presets import EqualizerLimits
from tests.field_cases import CASES, Case, receiving, waved

NOT_OF_A_LINK = {
    "JitterMask": "a standard's mask, read from data",
    "LinearLoop": "a model of a loop, computed from it",
    "ReferenceReceiver": "of a measurement of light, not of a link",
    "Tdecq": "a result",
    "TdecReceiver": "of a measurement of light, not of a link",
    "Tdec": "a result",
    "TransmitterMeasures": "a result",
    "LinkBudget": "a result",
    "RingControl": "a result",
    "OpticsPreset": "read from data, whose keys have a test of their own",
    "PathInterference": "computed from connectors",
}
"""Public dataclasses of these rooms that a link does not hold."""
DESCRIBES_ONLY = {
    ("RingHeater", "temperature_span"): "of the heater's power, tests/optics/test_ring_heater.py",
    ("RingHeater", "spread"): "of the heater's power",
    ("Link", "standard"): "the preset's id: its values are in the other fields",
    ("Link", "warnings"): "what is to be said about the channel",
    ("Link", "equalizer_report"): "how the setting was found",
    ("WavelengthGrid", "drift"): "of the heater's power, tests/optics/test_wavelengths.py",
    ("WavelengthGrid", "temperature_span"): "of the heater's power",
    ("WavelengthGrid", "heater_power"): "of the heater's power",
    ("WavelengthGrid", "splitter_ways"): "between the laser and the path, which begins at the modulator",
    ("WavelengthGrid", "supply_loss_db"): "between the laser and the path, which begins at the modulator",
    ("Receiver", "dfe_unrolled"): "the same decisions without the delay of feedback",
}
"""Fields that change no answer, and why."""
ELSEWHERE = {
    ("Link", "transmitter_model"): "tests/ami",
    ("Link", "receiver_model"): "tests/ami",
    ("Transmitter", "filter"): "tests/ami",
    ("Receiver", "cancellation"): "tests/ami",
    ("SampledFilter", "taps"): "tests/ami",
    ("SampledFilter", "interval"): "tests/ami",
    ("Receiver", "thresholds"): "tests/engine/light/test_thresholds.py",
    ("EqualizerLimits", "clip_probability"): "tests/equalizer",
    ("EqualizerLimits", "rx_ffe_tap_max"): "tests/equalizer",
    ("EqualizerLimits", "rx_ffe_groups"): "tests/equalizer",
    ("EqualizerLimits", "rx_ffe_group_taps"): "tests/equalizer",
    ("EqualizerLimits", "rx_ffe_span"): "tests/equalizer",
    ("EqualizerLimits", "rx_ffe_floating_max"): "tests/equalizer",
}
"""Fields whose change is tested where their block is."""


NO_CASE = {("Link", "optics"): "Span", ("Link", "limits"): "EqualizerLimits", ("Link", "packages"): "PackageCase"}
"""Fields of a link that hold a value of their own, whose fields are changed one by one; packages in tests/channel."""


def rooms() -> list[type]:
    """The public dataclasses that a link may be made of."""
    found: list[type] = [Link, EqualizerLimits]
    for room in ("transmitter", "receiver", "clock", "optics", "signal"):
        package = importlib.import_module(f"sirf.{room}")
        for info in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"sirf.{room}.{info.name}")
            found += [
                value
                for name, value in vars(module).items()
                if inspect.isclass(value) and dataclasses.is_dataclass(value)
                and value.__module__ == module.__name__ and not name.startswith("_")
            ]  # fmt: skip
    return found


def fields_of(kind: type) -> list[str]:
    return [field.name for field in dataclasses.fields(kind) if field.init]


ALL = [pytest.param(case, name, id=f"{type(case[0]).__name__}.{name}") for case in CASES for name in case[3]]


@pytest.fixture(autouse=True)
def one_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One seed for all links: else every field would change every random number, and so every answer."""
    monkeypatch.setattr(Link, "rounded_digest", property(lambda made: "1"))


def changed(value: Any, /, **changes: Any) -> Any:
    return value.replace(**changes) if isinstance(value, Link) else dataclasses.replace(value, **changes)


@cache
def unchanged(position: int) -> Any:
    value, embed, answer, _ = CASES[position]
    return answer(embed(value))


@pytest.mark.parametrize(("case", "name"), ALL)
def test_a_changed_field_changes_an_answer(case: Case, name: str) -> None:
    value, embed, answer, others = case
    other = others[name]
    if isinstance(other, tuple) and len(other) == 2 and isinstance(other[0], dict):
        value, other = changed(value, **other[0]), other[1]
        before = answer(embed(value))
    else:
        before = unchanged(CASES.index(case))
    assert answer(embed(changed(value, **{name: other}))) != before


def test_every_field_is_changed_or_stands_on_a_list() -> None:
    covered = {(type(value).__name__, name) for value, _, _, others in CASES for name in others}
    listed = set(DESCRIBES_ONLY) | set(ELSEWHERE) | set(NO_CASE)
    wanted = {
        (kind.__name__, name) for kind in rooms() if kind.__name__ not in NOT_OF_A_LINK for name in fields_of(kind)
    }
    assert wanted - covered - listed == set()
    # no list outlives its field, and nothing stands on two
    assert (covered | listed) - wanted == set()
    assert covered & listed == set()
    assert set(NOT_OF_A_LINK) <= {kind.__name__ for kind in rooms()}


def test_what_describes_only_changes_nothing() -> None:
    assert waved(receiving(dfe_unrolled=True)) == waved(receiving())
