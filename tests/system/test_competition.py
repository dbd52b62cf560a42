"""Sets of architectures that compete for one job: what ships, the class of co-packaged copper, bad files."""

from __future__ import annotations

from pathlib import Path

import pytest

from sirf.errors import ConfigError
from sirf.study.ruled_reach import budget_length
from sirf.study.subject import ArchitectureSubject
from sirf.system.architecture import load_architecture
from sirf.system.competition import list_sets, load_set
from tests.edited import edited


@pytest.mark.parametrize("name", list_sets())
def test_every_set_names_architectures_at_rates_that_they_have(name: str) -> None:
    found = load_set(name)
    assert len(found.members) >= 5
    assert len({item.id for item, _ in found.members}) == len(found.members)
    for item, rate in found.members:
        assert item.at(rate).standard
        if item.fibre_m and found.distance > 1.0:
            assert item.fibre_m == found.distance


def test_one_architecture_at_two_rates_makes_two_rows() -> None:
    names = [item.id for item, _ in load_set("chiplet").members]
    assert {"ucie-standard@16", "ucie-standard@32", "oci-gen1"} < set(names)


def test_co_packaged_copper_at_200g_ends_at_a_metre_and_a_half() -> None:
    subject = ArchitectureSubject(architecture=load_architecture("copper-copackaged"), data_rate=212.5e9)
    length, cause = budget_length(subject)
    assert length == pytest.approx(1.5)
    assert cause == "length budget"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("distance_m = 2.0", "distance_m = -2.0", "key distance_m must be valid"),
        ('"copper-cable"', '"copper-cabel"', r"key member\.0: architecture must be one of .*Did you mean 'copper-cable'"),
        ("data_rate_gbps = 50.0", "data_rate_gbps = 51.0", r"key member\.6: data_rate must be one of 50 Gb/s for oci-gen1"),
        ('"copper-copackaged"', '"copper-cable"', r"key member\.1 must be another architecture or rate"),
        ("distance_m", "distance", "key distance must carry its unit"),
    ],
)  # fmt: skip
def test_a_bad_file_names_file_and_key(tmp_path: Path, old: str, new: str, expected: str) -> None:
    file = edited(tmp_path, "sets", "scale-up.toml", old, new)
    with pytest.raises(ConfigError, match=f"^mine.toml: {expected}"):
        load_set(str(file))


def test_an_unknown_set_names_the_nearest() -> None:
    with pytest.raises(
        ConfigError, match=r"set must be one of chiplet, scale-out, scale-up .* Did you mean 'scale-up'"
    ):
        load_set("scale_up")
