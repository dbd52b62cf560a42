"""Search over In parameters: the best of all combinations, a descent over ranges, the path, what cannot be searched."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

import sirf
from sirf.ami.model import AmiModel
from sirf.ami.parameter_search import ModelSearch, equalize_own_side, set_parameters
from sirf.errors import AmiError, SirfError
from tests.ami.links import link

Models = Callable[..., AmiModel]


def test_all_combinations_are_tried_and_the_best_is_taken(model: Models) -> None:
    base = link("PAM4", noise=3e-15, crosstalk=0.0).replace(transmitter_model=model("ffe", main=0.7))
    names = {"tx.taps.pre1": [-0.1, -0.04, 0.0], "tx.taps.post1": [-0.2, -0.1, 0.0]}
    found = base.optimized(parameters=names)
    report = found.equalizer_report
    assert isinstance(report, ModelSearch)
    ratios = {
        pair: sirf.statistical_eye(set_parameters(base, dict(zip(names, pair, strict=True))), phases=1).ber
        for pair in itertools.product(*names.values())
    }
    assert len(report.steps) == 9
    assert report.best.ber == min(ratios.values()) < ratios[0.0, 0.0]
    assert tuple(value for _, value in report.best.values) == min(ratios, key=lambda pair: ratios[pair])
    assert sirf.statistical_eye(found, phases=1).ber == report.best.ber


def test_ranges_are_refined_and_the_path_goes_down(model: Models) -> None:
    base = link("PAM4", noise=3e-15, crosstalk=0.0).replace(transmitter_model=model("ffe", main=0.7))
    found = base.optimized(parameters=["tx.taps.post1", "tx.taps.post2"])
    report = found.equalizer_report
    assert isinstance(report, ModelSearch)
    start = sirf.statistical_eye(base, phases=1).ber
    assert report.best.ber < 0.1 * start
    assert report.to_dict()["path"][0]["ber"] == start
    assert dict(report.best.values)["tx.taps.post1"] < 0


def test_the_largest_eye_is_another_goal(model: Models) -> None:
    base = link(noise=1e-15, crosstalk=0.0).replace(receiver_model=model("receiver"))
    found = base.optimized(parameters=["rx.peak_db"], goal="eye_area", ber=1e-4)
    report = found.equalizer_report
    assert isinstance(report, ModelSearch)
    assert len(report.steps) == 5
    assert report.best.eye_area == max(step.eye_area for step in report.steps) > 0


def test_the_side_without_a_model_is_equalised_by_sirf(model: Models) -> None:
    base = sirf.Link(
        link("PAM4", crosstalk=0.0).channel, standard="802.3ck-c2m", symbol_rate=10e9, samples_per_ui=16
    ).replace(transmitter_model=model("ffe", post1=-0.1))
    found = equalize_own_side(base)
    assert found.transmitter_model is base.transmitter_model
    assert found.receiver.ctle is not None
    assert sirf.statistical_eye(found, phases=1).ber < sirf.statistical_eye(base, phases=1).ber


def test_settings_at_which_the_model_fails_are_passed_over(model: Models) -> None:
    base = link(noise=4e-13, crosstalk=0.0).replace(receiver_model=model("faulty"))
    found = base.optimized(parameters={"rx.fault": [0, 4]})
    assert found.receiver_model is not None
    assert found.receiver_model.parameters["fault"] == 0
    # values that are listed are all that is tried
    with pytest.raises(AmiError, match="failure of AMI_Init: tap must be below 3"):
        base.optimized(parameters={"rx.fault": [4]})


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["tx.post1"], "tx must have a model for its parameters to be set, got none"),
        (["step"], r"parameter must begin with tx. or rx., got 'step'"),
        (["rx.stp"], "parameter must be one of receiver.ami, got 'stp'. Did you mean 'step'"),
        (["rx.dfe1"], "rx.dfe1 must be of usage In or InOut to be searched, got Out"),
    ],
)
def test_what_cannot_be_searched(model: Models, names: list[str], message: str) -> None:
    base = link().replace(receiver_model=model("receiver"))
    with pytest.raises(SirfError, match=message):
        base.optimized(parameters=names)
