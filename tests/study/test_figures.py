"""The register of figures: one entry each, in every face; two quantities never share a name."""

from __future__ import annotations

import dataclasses
import json

import pytest

import sirf
from sirf.errors import SirfError
from sirf.results.margin import EqualizerChoice
from sirf.study import figures
from sirf.study import sections as study_sections
from sirf.study.compare import compare
from sirf.study.figures import FIGURES, LIMITABLE, figure_value, of_table, value_of
from sirf.study.limits import limit_of
from sirf.study.subject import subject_of
from sirf.system.port import Range


def test_names_titles_and_headings_are_unique() -> None:
    for attribute in ("name", "title", "heading"):
        seen = [getattr(figure, attribute) for figure in FIGURES.values()]
        assert len(set(seen)) == len(seen)


def test_every_figure_of_an_architecture_is_a_number_or_none() -> None:
    found = subject_of("cpo-retimed").measurement(0.03)
    for name, figure in FIGURES.items():
        value = figure.compute(found)
        if name == "eye_mask":
            assert value is None
            continue
        assert isinstance(value, (float, Range)), name
        assert figure.text(value)
    assert found.tdecq_db is not None


def test_margin_of_the_annex_and_of_the_statistical_eye_are_two_figures() -> None:
    """The same copper at 30 mm: 4.92 dB by Annex 93A as `sirf.com` says, 4.26 dB in the statistical eye at DER0."""
    sections = subject_of("cpo-retimed").sections(0.03)
    by_annex = sirf.com(sections[0].link.channel, standard="cei-112g-xsr", package_case=1).com_db
    assert figure_value(sections, "com_db") == pytest.approx(by_annex, abs=1e-9)
    by_eye = figure_value(sections, "eye_com_db")
    assert by_eye == pytest.approx(
        sirf.statistical_eye(sections[0].link.optimized(between_samples=True), phases=1).eye_com_db, abs=1e-9
    )
    assert by_annex - by_eye > 0.4


def test_figures_without_meaning_are_refused_as_limits() -> None:
    linear = subject_of("cpo-linear").sections(0.02)
    with pytest.raises(SirfError, match="com_db must be given for a way with a section of copper alone"):
        figure_value(linear, "com_db")
    with pytest.raises(SirfError, match="energy, power, latency and density must be asked of an architecture"):
        value_of("energy_pj_per_bit", subject_of("cpo", standard="cei-112g-xsr").measurement(0.02))


@pytest.mark.parametrize("name", LIMITABLE)
def test_every_limitable_figure_makes_a_limit(name: str) -> None:
    bound = (10.0, 0.1) if name == "eye_mask" else 0.1
    limit = limit_of({name: bound}, ber=1e-6)
    better = limit.level + 1.0 if FIGURES[name].more_is_better else limit.level - 1.0
    assert limit.meets(better)
    assert not limit.meets(FIGURES[name].dead)


def test_a_new_figure_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registered once, it stands in the table, the JSON and as a limit of reach."""
    figure = dataclasses.replace(
        FIGURES["insertion_loss_db"], name="loss_per_eye", title="loss per eye", heading="dB/mV", limitable=True,
        compute=lambda found: found.insertion_loss_db / found.eye_height_mv,
    )  # fmt: skip
    monkeypatch.setitem(FIGURES, figure.name, figure)
    monkeypatch.setattr(figures, "LIMITABLE", (*LIMITABLE, figure.name))
    monkeypatch.setattr("sirf.study.limits.LIMITABLE", (*LIMITABLE, figure.name))
    result = compare(["copper-cable"], bounds=False)
    assert figure in of_table("margin")
    assert "dB/mV" in str(result)
    assert result.to_dict()["rows"][0]["loss_per_eye"] == pytest.approx(
        result.rows[0].insertion_loss_db / (1e3 * result.rows[0].eye.eye_height()), rel=1e-6
    )
    assert json.dumps(result.to_dict())
    found = sirf.reach("cpo", standard="cei-112g-xsr", limit={"loss_per_eye": 0.2}, tolerance=0.5, explain=False)
    assert found.reach_mm is not None


def test_com_of_equal_copper_is_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two links made apart from each other with the same content; a longer one is another."""
    asked: list[float] = []

    def search(link: sirf.Link, near: EqualizerChoice | None, floor_db: float | None) -> EqualizerChoice:
        asked.append(link.insertion_loss_db)
        return EqualizerChoice(
            method="full grid",
            fom_db=0.0,
            com_db=3.0,
            ctle_db=(0.0, 0.0),
            tx_taps=(1.0,),
            sampling_index=1,
            evaluated=1,
        )

    monkeypatch.setattr("sirf.study.measurement._searched_com", search)
    monkeypatch.setattr("sirf.study.measurement._COM_OF_CONTENT", {})
    for length in (0.021, 0.021, 0.022):
        # else the same length has the same link
        study_sections._kept_channel.cache_clear()
        assert figure_value(subject_of("cpo-retimed").sections(length), "com_db") == 3.0
    assert len(asked) == 2
