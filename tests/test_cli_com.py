"""`sirf com` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from typer.testing import CliRunner

from sirf.cli import app
from sirf.com.margin import com
from sirf.errors import ConfigError
from sirf.plot import com_distribution, com_pulse
from tests.com.golden import case_of

RUNNER = CliRunner()
WORKBOOK = "config_com_ieee8023_93a=3ck_SA_120F_C2C_08_17_2022.xlsx"


def test_com_prints_a_table_and_writes_json_and_a_picture(reference_dir: Path, tmp_path: Path) -> None:
    """Golden: COM 3.70, c2c_12db, package case 2."""
    picture, table = tmp_path / "com.png", tmp_path / "com.json"
    arguments = ["com", str(reference_dir / "channels/c2c_12db/thru.s4p"), "--config",
                 str(reference_dir / "golden/com" / WORKBOOK), "--package-case", "2", "--out", str(picture),
                 "--json", str(table)]  # fmt: skip
    done = RUNNER.invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "5.369 dB, pass" in done.stdout
    value = json.loads(table.read_text())
    assert value["com_db"] == pytest.approx(5.368765519394898, abs=1e-6)
    assert value["ctle_db"] == [-9.0, -2.0]
    assert value["other_search"] is None
    assert "Port Order" in value["ignored_keywords"]
    assert imread(picture).shape[1] > 1000


def test_without_a_case_json_is_a_list_and_a_missed_limit_exits_1(reference_dir: Path) -> None:
    arguments = ["com", str(reference_dir / "channels/c2c_12db/thru.s4p"), "--config",
                 str(reference_dir / "golden/com" / WORKBOOK), "--set", "g_DC=[-9:3:-6]", "--set", "c(-1)=[-0.24:0.02:-0.2]",
                 "--json", "-", "--com-db", "6"]  # fmt: skip
    done = RUNNER.invoke(app, arguments)
    assert done.exit_code == 1
    # beside the verdict on the workbook's own limit
    assert "COM of 5.359 dB is below the limit that was given, 6 dB" in done.stderr
    cases = json.loads(done.stdout)
    assert [case["package_case"] for case in cases] == [1, 2]
    assert cases[0]["com_db"] == pytest.approx(5.3587, abs=1e-3)
    assert cases[0]["icn_mv"] == 0


def test_a_noise_path_calibrates_a_receiver_s_test(reference_dir: Path) -> None:
    thru = str(reference_dir / "channels/c2c_12db/thru.s4p")
    narrow = ["g_DC=-6", "c(-1)=[-0.24:0.02:-0.2]", "Local Search=0"]
    arguments = ["com", thru, "--config", str(reference_dir / "golden/com" / WORKBOOK), "--package-case", "1"]
    arguments += [word for change in narrow for word in ("--set", change)]
    quiet = json.loads(RUNNER.invoke(app, [*arguments, "--json", "-"]).stdout)
    done = RUNNER.invoke(app, [*arguments, "--noise-path", thru, "--set", "RX_CALIBRATION=1", "--json", "-"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert quiet["calibration"] is None
    assert quiet["com_db"] > 3.5
    assert found["com_db"] == pytest.approx(3.0, abs=0.02)
    assert found["calibration"]["noise_mv"] > 1.0
    assert "calibration" in found["sigmas_v"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "one of --standard and --config must be given, got neither"),
        (["--config", "missing.xlsx"], "config must be a COM workbook, got missing.xlsx"),
        (["--standard", "802.3ck-kr1", "--set", "f_b=1"], "set must come with a workbook"),
        (["--config", WORKBOOK, "--set", "nonsense"], "KEYWORD=VALUE"),
        (
            ["--config", WORKBOOK, "--set", "RX_CALIBRATION=1"],
            "noise_path must be given where RX_CALIBRATION or PSDRXCAL is 1",
        ),
    ],
)
def test_bad_options(reference_dir: Path, options: list[str], words: str) -> None:
    folder = reference_dir / "golden/com"
    full = [str(folder / WORKBOOK) if option == WORKBOOK else option for option in options]
    done = RUNNER.invoke(app, ["com", str(reference_dir / "channels/c2c_12db/thru.s4p"), *full])
    assert isinstance(done.exception, ConfigError)
    assert words in str(done.exception)


def test_pictures_show_what_the_result_holds(reference_dir: Path) -> None:
    case = case_of(reference_dir, "c2c/c2c_12db/through/case1")
    result = com(case.channel, config=case.settings, package_case=1, trace=True)
    axes = com_pulse(result)
    cursor = np.asarray(axes.lines[-2].get_xydata())
    assert float(cursor[0][1]) == pytest.approx(1e3 * result.pulse[1][result.cursor])
    left = np.asarray(next(line for line in axes.lines if line.get_label() == "left by the DFE").get_xydata())
    assert abs(left[left[:, 0] == 2.0][0][1]) < 1e-6  # the second tap is inside its limits and takes all
    axes = com_distribution(result)
    labels = {line.get_label() for line in axes.lines}
    assert {"residual ISI", "interference and noise", "-A_s"} <= labels
    assert axes.get_yscale() == "log"
