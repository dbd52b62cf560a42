"""Commands as a user runs them: answers, JSON, exit codes, one line for bad input."""

from __future__ import annotations

import html
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, freqs
from scipy.stats import norm

from benchmarks.main_job import MainJob
from sirf.__main__ import main
from sirf.channel.weave import list_weaves
from sirf.engine.counting.count_errors import CountInterrupted
from sirf.optics import load_optics
from sirf.presets import list_presets
from sirf.results.error_count import ErrorCount
from sirf.results.waveform_record import WaveformRecord
from sirf.system.architecture import ORDER

Capture = pytest.CaptureFixture[str]


def s4p(file: Path, *, stop: float = 60e9, step: float = 100e6, edit: str | None = None) -> Path:
    """A short lossy pair as a Touchstone file; `edit` replaces the twentieth data line."""
    lines = ["# Hz S RI R 50"]
    for f in np.arange(step, stop + step / 2, step):
        s = np.zeros((4, 4), dtype=complex)
        through = np.exp(-0.6 * (1 + 1j) * np.sqrt(f / 26e9) - 2j * np.pi * f * 0.3e-9)
        for a, b in ((0, 1), (2, 3)):
            s[a, b] = s[b, a] = through
        values = " ".join(f"{v.real:.9g} {v.imag:.9g}" for v in s.ravel())
        lines.append(f"{f:.9g} {values}")
    if edit is not None:
        lines[20] = edit
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return s4p(tmp_path_factory.mktemp("files") / "good.s4p")


def strict_json(text: str) -> object:
    def refuse(word: str) -> float:
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)


def test_help_and_version(capsys: Capture) -> None:
    assert main([]) == 0
    assert main(["--help"]) == 0
    assert main(["--version"]) == 0
    assert "compare" in capsys.readouterr().out


def test_eye_gives_the_promised_keys_and_a_picture(good: Path, tmp_path: Path, capsys: Capture) -> None:
    picture = tmp_path / "eye.png"
    assert main(["eye", str(good), "--standard", "802.3ck-c2c", "--out", str(picture), "--json", "-"]) == 0
    result = strict_json(capsys.readouterr().out)
    assert isinstance(result, dict)
    for key in (
        "eye_height_mv",
        "eye_width_ui",
        "vec_db",
        "ber",
        "errors",
        "symbols",
        "ber_low",
        "ber_high",
        "eye_ber",
    ):
        assert key in result
    assert result["eye_height_mv"] > 0
    assert result["errors"] is None
    assert result["port_order"] == [1, 2, 3, 4]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_sampling_criterion_is_followed_and_the_loops_offset_printed(good: Path, capsys: Capture) -> None:
    for command in ("eye", "ber"):
        options = [command, str(good), "--standard", "802.3ck-c2c", "--sampling", "minimum-error-ratio"]
        more = ["--max-symbols", "1e5", "--workers", "1"] if command == "ber" else []
        assert main([*options, *more]) == 0
        # a narrow terminal breaks the line anywhere
        assert "the Mueller-Müller loop would lock" in " ".join(capsys.readouterr().out.split())
        assert main([*options, *more, "--json", "-"]) == 0
        result = strict_json(capsys.readouterr().out)
        assert isinstance(result, dict)
        assert result["sampling"]["criterion"] == "minimum-error-ratio"
        assert result["sampling"]["loop_offset_ui"] == -result["sampling"]["offset_ui"]
    assert main(["eye", str(good), "--sampling", "best"]) == 2
    assert "sampling must be one of mueller-muller" in capsys.readouterr().err
    assert main(["eye", str(good), "--sampling", "maximum-eye", "--rx-ami", "rx.ami"]) == 2
    assert "sampling must be left out beside --rx-ami" in capsys.readouterr().err


def test_waveform_eye_counts(good: Path, capsys: Capture) -> None:
    assert main(["eye", str(good), "--engine", "waveform", "--symbols", "20000", "--json", "-"]) == 0
    result = strict_json(capsys.readouterr().out)
    assert isinstance(result, dict)
    assert result["symbols"] >= 20_000
    assert result["ber_low"] <= result["ber"] <= result["ber_high"]


def test_waveform_engine_writes_its_waveforms(good: Path, tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "wave.npz"
    command = ["eye", str(good), "--engine", "waveform", "--symbols", "3000"]
    assert main([*command, "--waveform", str(file)]) == 0
    assert str(file) in capsys.readouterr().out
    record = WaveformRecord.load(file)
    assert set(record.volts) == {"slicer", "transmitter", "channel", "ctle"}
    assert len(record.sent) == 3000
    assert main(["eye", str(good), "--waveform", str(file)]) == 2
    assert main([*command, "--waveform", "wave.csv"]) == 2


def test_jitter_tolerance_fails_where_a_given_mask_is_missed(good: Path, tmp_path: Path, capsys: Capture) -> None:
    mask = tmp_path / "mask.toml"
    text = 'id = "own"\ntitle = "t"\nprovenance = "E"\nsource = "s"\npoints = [[30.0, {0}], [100.0, {0}]]\n'
    command = ["jtol", str(good), "--mask", str(mask), "--ber", "1e-2", "--symbols", "5000", "--bandwidth", "40e6"]
    mask.write_text(text.format(0.02))
    assert main([*command, "--json", "-"]) == 0
    result = strict_json(capsys.readouterr().out)
    assert isinstance(result, dict)
    assert result["passed"] is True
    assert result["frequency_hz"] == [30e6, 100e6]
    assert all(got >= 0.02 for got in result["tolerated_ui_pp"])
    mask.write_text(text.format(3.0))
    assert main(command) == 1
    assert main(["jtol", str(good), "--mask", "nonsense"]) == 2


def test_ber_counts_resumes_and_writes_json(good: Path, tmp_path: Path, capsys: Capture) -> None:
    counts, file = tmp_path / "count.json", tmp_path / "ber.json"
    common = ["ber", str(good), "--resume", str(counts), "--json", str(file)]
    assert main([*common, "--max-symbols", "100000"]) == 0
    first = json.loads(file.read_text())
    assert main([*common, "--max-symbols", "300000"]) == 0
    second = json.loads(file.read_text())
    assert second["symbols"] > first["symbols"] >= 100_000
    assert {"errors", "symbols", "ber", "ber_low", "ber_high"} <= set(second)
    assert "99 % interval" in capsys.readouterr().out


def test_ber_takes_pattern_precoding_detector_and_code_and_shows_counts_at_ctrl_c(
    good: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ["ber", str(good), "--standard", "802.3ck-c2c", "--max-symbols", "1000", "--json", "-"]
    more = ["--pattern", "prbs13q", "--precoding", "--mlse", "1", "--fec", "kr4", "--workers", "2"]
    assert main([*options, *more]) == 0
    result = strict_json(capsys.readouterr().out)
    assert isinstance(result, dict)
    assert result["fec"]["codewords"] == result["symbols"] // 2640
    assert main([*options, "--pattern", "prbs8"]) == 2
    assert "pattern must be one of" in capsys.readouterr().err

    def stopped(*_: object, **__: object) -> ErrorCount:
        raise CountInterrupted(ErrorCount(symbols=7))

    monkeypatch.setattr("sirf.engine.counting.count_errors.count_errors", stopped)
    assert main(options) == 130
    told = capsys.readouterr()
    result = strict_json(told.out)
    assert isinstance(result, dict)
    assert result["symbols"] == 7
    assert "7 symbols are counted in the answer" in told.err


def test_pulse(good: Path, tmp_path: Path, capsys: Capture) -> None:
    picture = tmp_path / "pulse.png"
    assert (
        main(
            [
                "pulse",
                str(good),
                "--symbol-rate",
                "53.125e9",
                "--samples-per-ui",
                "16",
                "--json",
                "-",
                "--out",
                str(picture),
            ]
        )
        == 0
    )
    result = strict_json(capsys.readouterr().out)
    assert isinstance(result, dict)
    assert len(result["time_s"]) == len(result["volts"])
    assert max(result["volts"]) == result["volts"][result["cursor"]]
    assert picture.exists()


def test_reach_meets_and_misses_a_limit(tmp_path: Path, capsys: Capture) -> None:
    picture = tmp_path / "reach.png"
    command = ["reach", "cpo", "--standard", "cei-112g-xsr", "--ber", "1e-6", "--out", str(picture), "--json", "-"]
    assert main([*command, "--at-least", "1"]) == 0
    result = strict_json(capsys.readouterr().out)
    assert isinstance(result, dict)
    assert {"reach_mm", "limited_by", "curve"} <= set(result)
    assert result["reach_mm"] > 30
    assert main([*command, "--at-least", "100000"]) == 1
    assert "reach is below the limit that was given, 100 m" in capsys.readouterr().err
    assert picture.exists()


def test_lists(capsys: Capture) -> None:
    assert main(["standards", "--json", "-"]) == 0
    listed = strict_json(capsys.readouterr().out)
    assert isinstance(listed, list)
    assert {entry["id"] for entry in listed} == set(list_presets())
    assert main(["materials"]) == 0
    assert "megtron7" in capsys.readouterr().out
    assert main(["weaves", "--json", "-"]) == 0
    styles = strict_json(capsys.readouterr().out)
    assert isinstance(styles, list)
    assert {entry["id"] for entry in styles} == set(list_weaves())
    assert all(entry["source"] and entry["swing_source"] for entry in styles)


def test_compare_writes_everything(main_job: MainJob) -> None:
    out = main_job.folder
    whole = strict_json(main_job.printed)
    assert isinstance(whole, dict)
    assert len(whole["verdict"]) == 3
    assert whole["rule"]["limits"] == {"frame_loss_ratio": 6.2e-11, "com_db": 3.0}
    rows = whole["rows"]
    assert [row["path"] for row in rows] == list(ORDER)
    for row in rows:
        for key in (
            "insertion_loss_db",
            "eye_com_db",
            "eye_height_mv",
            "eye_width_ui",
            "ber",
            "reach_mm",
            "energy_pj_per_bit",
            "ber_post_fec",
            "frame_loss_ratio",
            "reach_budget_mm",
            "reach_bound_by",
            "limited_next",
            "limited_gain",
            "latency_ns",
            "density_tbps_per_mm",
            "limited_by",
            "port_power_w",
        ):
            assert row[key] is not None, key
        assert (out / f"eye-{row['path']}.png").read_bytes().startswith(b"\x89PNG")
        assert row["reach_mm"] > row["length_mm"]
        assert row["reach_budget_mm"] <= row["reach_mm"]
        assert (row["com_db"] is None) == ("linear" in row["path"])
        assert row["ber_low"] <= row["ber"] <= row["ber_high"]
        assert row["insertion_loss_db_low"] < row["insertion_loss_db"] < row["insertion_loss_db_high"]
    retimed = [row for row in rows if row["path"] in ("pluggable-retimed", "npo", "cpo-retimed")]
    losses = [row["insertion_loss_db"] for row in retimed]
    energies = [row["energy_pj_per_bit"] for row in retimed]
    assert losses == sorted(losses, reverse=True)
    assert energies == sorted(energies, reverse=True)
    assert json.loads((out / "results.json").read_text()) == whole
    page = (out / "report.html").read_text(encoding="utf-8")
    assert all(sentence[:60] in html.unescape(page) for sentence in whole["verdict"])
    # eyes of all, energy over reach, error band and loss of the copper, and an eye for each row
    assert page.count("data:image/png;base64,") == 4 + len(rows)
    assert "http:" not in page
    assert "https:" not in page


BAD_FILES = {
    "empty.s4p": b"",
    "binary.s4p": bytes(range(256)) * 40,
    "text.s4p": b"Dear reader,\nthis is a letter.\n",
    "three.s3p": b"# Hz S RI R 50\n1e9 " + b"0.1 0 " * 9 + b"\n2e9 " + b"0.1 0 " * 9 + b"\n",
    "truncated.s4p": b"# Hz S RI R 50\n1e9 " + b"0.1 0 " * 16 + b"\n2e9 0.1 0 0.1\n",
    "nan.s4p": b"# Hz S RI R 50\n1e9 " + b"nan 0 " * 16 + b"\n2e9 " + b"0.1 0 " * 16 + b"\n",
}


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("command", ["eye", "ber"])
def test_a_bad_file_gets_one_line_with_its_name(name: str, command: str, tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / name
    file.write_bytes(BAD_FILES[name])
    assert main([command, str(file)]) == 2
    one_line(capsys, Path(name).stem)


def one_line(capsys: Capture, *words: str) -> None:
    """Nothing on standard output, one line and no other on standard error."""
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert len(lines) == 1, shown.err
    assert lines[0].startswith("sirf: ")
    for word in words:
        assert word in lines[0], lines[0]


def test_other_bad_input_gets_one_line(good: Path, tmp_path: Path, capsys: Capture) -> None:
    narrow = s4p(tmp_path / "narrow.s4p", stop=20e9)
    cases: list[tuple[list[str], tuple[str, ...]]] = [
        (["eye", "missing.s4p"], ("missing.s4p",)),
        (["eye", str(tmp_path)], ("file",)),
        (["eye", str(good), "--standard", "802.3ck-krl"], ("Did you mean '802.3ck-kr1'",)),
        (["eye", str(narrow)], ("narrow", "39.84", "20 GHz")),
        (["pulse", str(good), "--symbol-rate", "0"], ("symbol_rate must be positive",)),
        (["pulse", str(good), "--symbol-rate", "-1e9"], ("symbol_rate must be positive",)),
        (["pulse", str(good), "--symbol-rate", "nan"], ("symbol_rate must be positive",)),
        (["eye", str(good), "--symbol-rate", "0"], ("symbol_rate must be positive",)),
        (["eye", str(good), "--engine", "magic"], ("engine must be",)),
        (["eye", str(good), "--port-order", "12-43x"], ("port_order must be",)),
        (["eye", str(good), "--package-case", "9"], ("package_case must be",)),
        (["ber", str(good), "--max-errors", "0"], ("max_errors must be",)),
        (["ber", str(good), "--max-symbols", "-1"], ("max_symbols must be",)),
        (["ber", str(good), "--workers", "0"], ("workers must be",)),
        (["ber", str(good), "--seed", "-1"], ("seed must be",)),
        (["eye", str(good), "--engine", "waveform", "--symbols", "0"], ("symbols must be",)),
        (["compare", "--data-rate", "400"], ("data_rate must be one of",)),
        (["compare", "--data-rate", "fast"], ("data_rate must be a number with a unit of data rate", ". See")),
        (["reach", "cpo", "--ber", "0.7"], ("limit of ber",)),
        (["reach", "cpo", "--ber", "1e-6", "--com-db", "3"], ("limit must be one of",)),
        (["reach", "nowhere.toml"], ("nowhere.toml",)),
        (["eye"], ("thru",)),
        (["nonsense"], ("nonsense",)),
        (["eye", str(good), "--nonsense"], ("--nonsense",)),
    ]  # fmt: skip
    for arguments, words in cases:
        assert main(arguments) == 2, arguments
        one_line(capsys, *words)


def test_a_file_between_three_quarters_and_the_whole_symbol_rate_warns(tmp_path: Path, capsys: Capture) -> None:
    assert main(["eye", str(s4p(tmp_path / "short.s4p", stop=45e9))]) == 0
    assert "below the symbol rate" in capsys.readouterr().err


def test_a_link_that_nothing_opens_reports_its_error_ratio(tmp_path: Path, capsys: Capture) -> None:
    """2.5 times the loss of the good pair over three notches: no eye under the short-reach receiver."""
    file = tmp_path / "hopeless.s4p"
    lines = ["# Hz S RI R 50"]
    for f in np.arange(50e6, 60e9, 50e6):
        s = np.zeros((4, 4), dtype=complex)
        through = np.exp(-5.0 * (1 + 1j) * np.sqrt(f / 26e9) - 2j * np.pi * f * 1e-9)
        for a, b in ((0, 1), (2, 3)):
            s[a, b] = s[b, a] = through
        lines.append(f"{f:.9g} " + " ".join(f"{v.real:.9g} {v.imag:.9g}" for v in s.ravel()))
    file.write_text("\n".join(lines) + "\n")
    assert main(["eye", str(file), "--standard", "cei-112g-xsr", "--json", "-"]) == 0
    shown = capsys.readouterr()
    result = strict_json(shown.out)
    assert isinstance(result, dict)
    assert "no equaliser setting opens this link" in shown.err
    assert result["eye_height_mv"] == 0
    assert 1e-3 < result["ber"] < 0.5
    assert result["vec_db"] is None


def test_interruption_and_internal_errors_have_their_codes(
    good: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    import sirf.engine.statistical.analysis as engine

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(engine, "statistical_eye", interrupt)
    assert main(["eye", str(good)]) == 130
    assert "nothing was written" in capsys.readouterr().err
    monkeypatch.setattr(engine, "statistical_eye", fail)
    assert main(["eye", str(good)]) == 70
    last = capsys.readouterr().err.splitlines()[-1]
    assert "internal error" in last
    assert "broken" in last


def test_fec_shows_a_table_and_gives_json(capsys: Capture) -> None:
    assert main(["fec", "--code", "kp4", "--ber", "2.4e-4", "--ber", "1e-3"]) == 0
    assert "8.152e-13" in capsys.readouterr().out
    arguments = ["fec", "--ber", "1e-4", "--burst", "0.5", "--interleave", "2", "--precoding", "--json", "-"]
    assert main(arguments) == 0
    rows = strict_json(capsys.readouterr().out)
    assert isinstance(rows, list)
    assert rows[0]["line_ber"] == 1e-4
    assert 0 < rows[0]["codeword_error_ratio"] < 1e-15
    assert main(["fec", "--ber", "0.7"]) == 2
    assert "ber must be in (0, 0.5)" in capsys.readouterr().err


def test_optics_has_no_pam4_figures_for_nrz(capsys: Capture) -> None:
    assert main(["optics", "oci-gen1", "--json", "-"]) == 0
    shown = capsys.readouterr()
    rows = strict_json(shown.out)
    assert isinstance(rows, list)
    assert [rows[0][key] for key in ("level_mismatch", "tecq_db", "tdecq_db")] == [None] * 3
    budget = {row["name"]: row["value"] for row in rows[0]["rows"]}
    assert "TDECQ, dB" not in budget
    # two levels in closed form: OMA = Q (sigma_0 + sigma_1) / R; four levels would need 4.9 dB more
    receiver = load_optics("oci-gen1").path.receiver
    need = 1e-3 * 10.0 ** (0.1 * budget["sensitivity of photodiode and amplifier, dBm"])
    low = need / (10.0 ** (0.1 * rows[0]["extinction_db"]) - 1.0)
    noise = receiver.noise_current(low) + receiver.noise_current(low + need)
    assert need == pytest.approx(norm.isf(2.4e-4) * noise / receiver.photodiode.responsivity, rel=0.005)
    # the receiver's filter behind the amplifier: less noise, which once stood as an eye that opens
    frequency = np.linspace(0.0, 400e9, 8001)
    corner = 0.75 * 2.0 * np.pi * 50e9
    behind = freqs(*butter(4, corner, analog=True), 2.0 * np.pi * frequency)[1]
    density = receiver.input_density(frequency, low) * np.abs(receiver.tia.response(frequency)) ** 2
    ratio = np.trapezoid(density * np.abs(behind) ** 2) / np.trapezoid(density)
    assert budget["noise that the receiver's filter takes away, dB"] == pytest.approx(5.0 * np.log10(ratio), abs=0.01)
    assert budget["drive, eye closure, multipath, noise and jitter of the link, dB"] > 0.0
    assert "oci-gen1 sends NRZ" in shown.err


def test_optics_shows_light_and_margin(capsys: Capture, tmp_path: Path) -> None:
    assert main(["optics", "dr-silicon-mzm", "--pattern", "prbs9", "--json", "-"]) == 0
    rows = strict_json(capsys.readouterr().out)
    assert isinstance(rows, list)
    assert rows[0]["path"] == "dr-silicon-mzm"
    assert 0.3 < rows[0]["tdecq_db"] < 3.4
    assert rows[0]["margin_db"] > 0
    assert main(["optics", "mirror"]) == 2
    assert "optics must be one of" in capsys.readouterr().err
    assert main(["optics", "--taps", "7"]) == 2
    assert "taps must be 5 or 15" in capsys.readouterr().err
