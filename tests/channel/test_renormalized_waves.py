"""Waves brought from complex references to real ones, and other parameters, against voltages and currents of a circuit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skrf
from numpy.typing import NDArray

from sirf.channel.file_text import FileText, TextBlock
from sirf.channel.point_order import ascending_points
from sirf.channel.port_impedance import (
    PortImpedanceComments,
    Waves,
    renormalized_waves,
    says_not_renormalised,
    scattering,
    waves_of_comments,
)
from sirf.errors import SirfError, TouchstoneError

Complex = NDArray[np.complex128]
RNG = np.random.default_rng(8)
Z = np.array([[[60 + 20j, 15 - 5j], [14 - 4j, 45 - 10j]], [[30 + 1j, 5 + 5j], [5 + 5j, 80 + 3j]]])
"""Impedance matrices of two circuits: what waves are made of depends on the reference, these do not."""
OLD = np.array([[40 + 12j, 70 - 25j]])
NEW = np.array([50.0, 75.0])


def at_references(waves: str, references: Complex) -> Complex:
    """S of the circuits from their definition: incident and reflected waves of a set of independent currents."""
    found = np.empty_like(Z)
    for k, z in enumerate(Z):
        current = np.eye(2, dtype=complex)
        voltage = z @ current
        r = references[0][:, None]
        if waves == "power":
            root = 2.0 * np.sqrt(r.real)
            a, b = (voltage + r * current) / root, (voltage - r.conj() * current) / root
        else:
            scale = np.sqrt(r) if waves == "traveling" else np.abs(r) / np.sqrt(r.real)
            a, b = (voltage / scale + r * current / scale) / 2.0, (voltage / scale - r * current / scale) / 2.0
        found[k] = b @ np.linalg.inv(a)
    return found


@pytest.mark.parametrize("waves", ["power", "pseudo", "traveling"])
def test_waves_of_every_definition_come_to_the_same_circuit(waves: Waves) -> None:
    moved = renormalized_waves(at_references(waves, OLD), OLD, NEW, waves=waves)
    np.testing.assert_allclose(moved, at_references("power", NEW[None, :].astype(complex)), rtol=1e-12)


def test_a_reference_may_change_over_frequency() -> None:
    old = np.array([[40 + 12j, 70 - 25j], [35 + 2j, 90 + 9j]])
    s = np.concatenate([at_references("power", old[:1])[:1], at_references("power", old[1:])[1:]])
    meant = at_references("power", NEW[None, :].astype(complex))
    np.testing.assert_allclose(renormalized_waves(s, old, NEW), meant, rtol=1e-12)


def test_references_without_resistance_have_travelling_waves_alone() -> None:
    old = np.array([[-5 + 40j, 50 + 0j]])
    s = at_references("traveling", old)
    np.testing.assert_allclose(
        renormalized_waves(s, old, NEW, waves="traveling"),
        at_references("power", NEW[None, :].astype(complex)),
        rtol=1e-10,
    )
    with pytest.raises(SirfError, match="positive resistance for power waves, got -5 ohm"):
        renormalized_waves(s, old, NEW)


@pytest.mark.parametrize("parameter", ["Z", "Y", "H", "G"])
def test_other_parameters_are_the_same_circuit(parameter: str) -> None:
    y = np.linalg.inv(Z)
    h = np.empty_like(Z)
    h[:, 0, 0], h[:, 0, 1] = 1.0 / y[:, 0, 0], -y[:, 0, 1] / y[:, 0, 0]
    h[:, 1, 0] = y[:, 1, 0] / y[:, 0, 0]
    h[:, 1, 1] = y[:, 1, 1] - y[:, 0, 1] * y[:, 1, 0] / y[:, 0, 0]
    value = {"Z": Z, "Y": y, "H": h, "G": np.linalg.inv(h)}[parameter]
    meant = skrf.Network(f=[1, 2], f_unit="GHz", z=Z, z0=60.0).s
    np.testing.assert_allclose(scattering(parameter, value, 60.0), meant, rtol=1e-12)


def test_what_has_no_scattering_matrix_is_refused() -> None:
    with pytest.raises(SirfError, match="Z-parameters must have an S-matrix"):
        scattering("Z", np.full((1, 1, 1), -50.0 + 0j), 50.0)
    with pytest.raises(SirfError, match="H-parameters must have 2 ports, got 3"):
        scattering("H", np.zeros((1, 3, 3), dtype=complex), 50.0)


def comments(text: str) -> PortImpedanceComments:
    found = PortImpedanceComments(FileText(Path("solver.s2p")))
    found.take(TextBlock(7, text))
    return found


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("! Port Impedance 50 0 60 1", [[50 + 0j, 60 + 1j]]),
        ("! Port Impedance: 42 43", [[42, 43]]),
        ("!Port Impedance 50", [[50, 50]]),
        ("! Port Impedance 50 0\n! 60 1\n", [[50 + 0j, 60 + 1j]]),
        ("! Port Impedance 50 0 9 9 9 9 60 1", [[50 + 0j, 60 + 1j]]),
        ("! Port Impedance 50 0 60 1\n1 0 0\n! Port Impedance 50 0 60 2\n", [[50, 60 + 1j], [50, 60 + 2j]]),
        ("! Port Impedance is 50 ohm\n", None),
        ("! Port Impedance 50 0 60 1\n1 0 0\n! 7 7\n", [[50, 60 + 1j]]),
    ],
)
def test_impedances_in_comments(text: str, values: list[list[complex]] | None) -> None:
    found = comments(text).impedances(2, 2)
    assert found is None if values is None else found is not None and found.tolist() == values


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("! Port Impedance 1 2 3", "line 7: port impedances must be 4 or 8 numbers for 2 ports, got 3"),
        ("! Port Impedance 50 0 60 1\n! Port Impedance 0 0 60 1", "line 8: .*finite and not zero"),
        (
            "! Port Impedance 50 0 60 1\n\n! Port Impedance 50 0 60 2",
            "line 7: .*got 2 different ones for 5 frequencies",
        ),
    ],
)
def test_lists_that_fit_no_port_are_named_by_their_line(text: str, words: str) -> None:
    with pytest.raises(TouchstoneError, match=words):
        comments(text).impedances(5, 2)


def test_the_head_says_how_waves_are_meant() -> None:
    assert waves_of_comments("! S-parameter uses the power definition") == "power"
    assert waves_of_comments("! S-parameter uses the pseudo definition") == "pseudo"
    assert waves_of_comments("! S-parameter uses the odd definition") == "traveling"
    assert waves_of_comments("") == "traveling"
    assert says_not_renormalised("! Data is not renormalized")
    assert says_not_renormalised("!DATA ARE NOT RE-NORMALISED")
    assert not says_not_renormalised("! data is renormalized")


def order(frequency: list[float], values: list[int], *, sort: bool = False) -> tuple[list[int] | None, list[str]]:
    def fail(index: int, before: float, after: float) -> None:
        raise SirfError(f"{index} {before:g} {after:g}")

    index, notes = ascending_points(np.array(frequency), np.array(values)[:, None], sort=sort, fail=fail)  # type: ignore[arg-type]
    return None if index is None else index.tolist(), notes


def test_points_come_into_ascending_order() -> None:
    assert order([1, 2, 3], [0, 0, 0]) == (None, [])
    assert order([3, 2, 1], [1, 2, 3]) == ([2, 1, 0], ["frequencies fall in the file and were sorted."])
    assert order([1, 2, 2, 3], [1, 5, 5, 2])[0] == [0, 1, 3]
    assert order([3, 2, 2, 1], [1, 5, 5, 2])[0] == [3, 2, 0]
    assert order([1, 1, 2, 2], [1, 1, 2, 2])[1] == ["2 repeated points were left out: the values are equal."]
    assert order([2, 1, 3], [1, 2, 3], sort=True) == ([1, 0, 2], ["frequencies were sorted."])


@pytest.mark.parametrize(
    ("frequency", "values", "words"),
    [
        ([1, 3, 2, 4], [0, 0, 0, 0], "1 3 2"),
        ([1, 2, 2, 3], [0, 1, 2, 0], "1 2 2"),
        ([1, 1, 2, 2], [0, 0, 1, 2], "2 2 2"),
    ],
)
def test_an_order_that_may_come_from_a_lost_number_is_refused(
    frequency: list[float], values: list[int], words: str
) -> None:
    with pytest.raises(SirfError, match=words):
        order(frequency, values)
