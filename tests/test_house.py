"""The house itself: imports point down, nothing heavy loads early, data is found, the README's code runs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sirf
from sirf._data import data_path, data_root, list_data

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sirf"

ROOMS = (
    "_kernels errors units signal _data _digest _display _files _version execution",
    "channel paths",
    "link transmitter receiver clock optics fec presets results system",
    "engine com",
    "study",
    "cli plot report",
    "__init__ __main__",
)
"""Floors from the ground up."""
FLOORS = {room: floor for floor, rooms in enumerate(ROOMS) for room in rooms.split()}
HEAVY = {"numpy", "numba", "skrf", "scipy", "matplotlib", "pandas", "pydantic"}
LISTED = {("link", "engine")}
"""Lazy one-line aliases inside methods that may look up: `Link.optimized` and `Link.pulse_response`."""


def imports(file: Path) -> set[str]:
    """Top-level rooms of sirf that a file imports when it runs (imports for type checkers do not count)."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    skipped = {id(node) for test in ast.walk(tree) if isinstance(test, ast.If) and "TYPE_CHECKING" in ast.dump(test.test)
               for node in ast.walk(test)}  # fmt: skip
    found = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "sirf":
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("sirf.")}
    return found


def test_imports_only_point_down() -> None:
    wrong = []
    for file in sorted(PACKAGE.rglob("*.py")):
        room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for target in imports(file) - {room}:
            allowed = FLOORS[target] <= FLOORS[room] or (room, target) in LISTED
            if not allowed:
                wrong.append(f"{file.relative_to(ROOT)} imports {target}")
    assert not wrong


def test_compute_rooms_neither_draw_nor_print() -> None:
    for room in (
        "engine",
        "channel",
        "signal",
        "_kernels",
        "results",
        "study",
        "com",
        "presets",
        "system",
        "fec",
        "optics",
    ):
        for file in (PACKAGE / room).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            assert "matplotlib" not in text, file
            assert not re.search(r"(?<![\w.])print\(", text), file


@pytest.mark.parametrize("arguments", [["-c", "import sirf"], ["-m", "sirf", "--help"]])
def test_starting_loads_nothing_heavy(arguments: list[str]) -> None:
    code = "import sys; from runpy import run_module\nsys.argv = ['sirf', '--help']\n"
    code += (
        "import sirf\n"
        if arguments[0] == "-c"
        else "try:\n    run_module('sirf', run_name='__main__')\nexcept SystemExit: pass\n"
    )
    code += f"heavy = {HEAVY} & set(sys.modules)\nassert not heavy, heavy"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_public_name_loads() -> None:
    for name in sirf.__all__:
        assert getattr(sirf, name) is not None
    assert set(sirf.__all__) <= set(dir(sirf))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = sirf.nonsense


def test_data_is_found_beside_the_package_or_inside_it() -> None:
    assert data_root().name == "data"
    assert data_path("standards", "802.3ck-kr1.toml").is_file()
    assert "802.3ck-kr1" in list_data("standards")


def test_the_readme_python_runs() -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.S)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
