"""`sirf com` on Annex 178A: whose arithmetic, which host pairs, and the ledger on the terminal and as a picture."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sirf.channel.channel import Channel
from sirf.cli import app
from sirf.com.config.preset_settings import from_standard
from sirf.com.margin import com
from sirf.errors import ConfigError
from sirf.plot import com_ledger
from tests.com.config.spreadsheet import write_workbook
from tests.com.config.test_package_blocks import rows_with

RUNNER = CliRunner()
POINT = "d33-point-A1-full-mlse/synthetic_224g_board/crosstalk"


@pytest.fixture(scope="module")
def case(reference_dir: Path) -> dict[str, Any]:
    text = (reference_dir / "golden/com/com_4p17_reference.json").read_text(encoding="utf-8")
    return dict(json.loads(text)[POINT])


@pytest.fixture(scope="module")
def workbook(reference_dir: Path, case: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = rows_with(reference_dir / "golden/com" / case["workbook"], case["settings"], case["package_blocks"])
    return write_workbook(tmp_path_factory.mktemp("dj") / "case.xlsx", rows)


def arguments(reference_dir: Path, case: dict[str, Any], workbook: Path) -> list[str]:
    files = reference_dir / "channels"
    coupled = [
        option for kind in ("fext", "next") for name in case[kind] for option in (f"--{kind}", str(files / name))
    ]
    return ["com", str(files / case["through"]), *coupled, "--config", str(workbook), "--package-case", "1"]


def test_the_revision_is_chosen_and_said(
    reference_dir: Path, case: dict[str, Any], workbook: Path, tmp_path: Path
) -> None:
    """COM of both tools that made the reference; the table says what else would have come out."""
    base = arguments(reference_dir, case, workbook)
    found = {}
    for revision, wanted in (("4.17", case["result"]["com_db"]), ("d3.3", case["result_d3p3"]["com_db"])):
        out = tmp_path / f"{revision}.json"
        done = RUNNER.invoke(app, [*base, "--revision", revision, "--json", str(out)])
        assert done.exit_code == 0, done.output
        found[revision] = json.loads(out.read_text(encoding="utf-8"))
        assert found[revision]["com_db"] == pytest.approx(wanted, abs=0.05)
        assert found[revision]["revision"] == revision
        assert f"revision {revision}" in done.output
        assert "most is lost to" in done.output
    assert found["4.17"]["com_db"] > found["d3.3"]["com_db"] + 0.1
    assert found["4.17"]["other_revisions"]["d3.3"] == pytest.approx(found["d3.3"]["com_db"], abs=1e-6)
    done = RUNNER.invoke(app, [*base, "--revision", "5.0"])
    assert isinstance(done.exception, ConfigError)
    assert "revision must be one of" in str(done.exception)


def test_the_ledger_is_drawn_with_every_term(
    reference_dir: Path, case: dict[str, Any], workbook: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "com.svg"
    done = RUNNER.invoke(app, [*arguments(reference_dir, case, workbook), "--out", str(picture)])
    assert done.exit_code == 0, done.output
    assert picture.stat().st_size > 10_000
    channel = Channel.from_touchstone(reference_dir / "channels" / case["through"])
    result = com(channel, config=workbook, package_case=1)
    assert result.ledger is not None
    axes = com_ledger(result)
    names = {label.get_text() for label in axes.get_yticklabels()}
    assert names == {term.name for term in result.ledger.terms} | {"sequence detection"}


@pytest.mark.parametrize(
    ("through", "standard", "fext"),
    [
        ("c2c_12db/thru.s4p", "802.3ck-c2c", ()),
        ("c2m_16db/thru.s4p", "802.3ck-c2m", ("backplane_12db/fext1.s4p",)),
    ],
)
def test_ledgers_of_annexes_without_a_receiver_ffe(
    reference_dir: Path, through: str, standard: str, fext: tuple[str, ...]
) -> None:
    """Without crosstalk, and without all noise and jitter, the same equaliser is held against what the ledger says."""
    files = reference_dir / "channels"
    channel = Channel.from_touchstone(files / through, fext=[files / name for name in fext])
    settings = from_standard(standard)
    chosen = com(channel, config=settings, package_case=1).chosen
    ctle = replace(settings.receiver.ctle, g_dc_db=chosen.ctle_db[:1], g_dc2_db=chosen.ctle_db[1:], ranges=())
    main = chosen.tx_taps.index(max(chosen.tx_taps))
    taps = {n - main: tap for n, tap in enumerate(chosen.tx_taps)}
    ffe = tuple((cursor, (taps.get(cursor, 0.0),)) for cursor, _ in settings.transmitter.ffe)
    point = replace(
        settings,
        local_search=0,
        transmitter=replace(settings.transmitter, ffe=ffe),
        receiver=replace(settings.receiver, ctle=ctle),
    )
    result = com(channel, config=point, package_case=1)
    ledger = result.ledger
    assert ledger is not None
    assert ledger.feedback_com_db == pytest.approx(result.com_db, abs=1e-12)
    assert ledger.signal_mv / ledger.interference_mv == pytest.approx(10 ** (result.com_db / 20))
    terms = {term.name: term for term in ledger.terms}
    assert {"residual interference", "receiver noise", "transmitter noise", "random jitter"} < set(terms)
    assert ("crosstalk" in terms) == bool(fext)
    if fext:
        without = result.com_db + terms["crosstalk"].cost_db
        assert without == pytest.approx(result.com_no_crosstalk_db, abs=0.02)
    quiet = replace(point, transmitter=replace(point.transmitter, sigma_rj=0.0))
    steady = com(channel, config=quiet, package_case=1).com_db
    assert result.com_db + terms["random jitter"].cost_db == pytest.approx(steady, abs=0.02)
    names = {label.get_text() for label in com_ledger(result).get_yticklabels()}
    assert names == set(terms)
    assert "most is lost to" in str(result)
    assert result.to_dict()["ledger"]["terms"][0]["name"] == ledger.terms[0].name


def test_a_cable_class_chooses_the_host_pairs(reference_dir: Path) -> None:
    from sirf.com.margin import _cases_of_class

    settings = from_standard("802.3dj-cr1")
    assert [settings.packages[n - 1].name for n in _cases_of_class(settings, "CA-C")] == ["HL-HL", "HL-HN", "HN-HL"]
    channel = Channel.from_touchstone(reference_dir / "channels/synthetic_224g_cpo/thru.s4p")
    with pytest.raises(
        ConfigError, match=r"cable_class must be one of CA-A, CA-B, CA-C, CA-D for 802\.3dj-cr1, got 'X'"
    ):
        com(channel, standard="802.3dj-cr1", cable_class="X")
    with pytest.raises(ConfigError, match=r"must be left out, since these settings have none for 802\.3dj-kr1"):
        com(channel, standard="802.3dj-kr1", cable_class="CA-A")
    both: dict[str, Any] = {"cable_class": "CA-A", "package_case": "HL-HL"}
    with pytest.raises(ConfigError, match="cable_class must be left out beside package_case"):
        com(channel, standard="802.3dj-cr1", **both)
