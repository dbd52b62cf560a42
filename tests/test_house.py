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
    "_arrays _kernels errors units signal _store _data _data_folder _toml_table _digest _display _files _version execution",
    "channel paths materials",
    "link transmitter receiver clock optics fec presets results system",
    "engine equalizer com ami",
    "study",
    "cli plot report",
    "__init__ __main__",
)
"""Floors from the ground up."""
FLOORS = {room: floor for floor, rooms in enumerate(ROOMS) for room in rooms.split()}
HEAVY = {"numpy", "numba", "skrf", "scipy", "matplotlib", "pandas", "pydantic"}
LISTED = {("link", "engine"), ("link", "equalizer"), ("link", "ami")}
"""Lazy aliases inside methods that may look up: `Link.pulse_response`, `Link.sampling_instant` and `Link.optimized`."""


def imports(file: Path) -> set[str]:
    """Dotted modules of sirf that a file imports when it runs, lazily or at once; what only a type checker reads is left out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    guards = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    skipped = {id(node) for guard in guards for node in ast.walk(guard)}
    found = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "sirf":
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("sirf.")}
    return found


def module_file(dotted: str) -> Path:
    """The file that holds a dotted name: a module, a package, or the module that a name is imported from."""
    path = ROOT.joinpath(*dotted.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return module_file(dotted.rpartition(".")[0])


def import_graph() -> dict[str, set[str]]:
    """Files of the package, relative to the checkout, and the files that each imports."""
    graph = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        targets = {module_file(name) for name in imports(file)} - {file}
        graph[str(file.relative_to(ROOT))] = {str(target.relative_to(ROOT)) for target in targets}
    return graph


def circles(graph: dict[str, set[str]]) -> set[frozenset[str]]:
    """Sets of files that reach each other (strongly connected, more than one file)."""
    reach = {file: set(targets) for file, targets in graph.items()}
    for middle in graph:
        for targets in reach.values():
            if middle in targets:
                targets |= reach[middle]
    together = {frozenset(other for other in reach[file] if file in reach[other]) for file in graph}
    return {group for group in together if len(group) > 1}


def room_of(file: str) -> str:
    """The first part of a file's name below the package."""
    return file.split("/")[1].removesuffix(".py")


def test_imports_only_point_down() -> None:
    wrong = []
    for file, targets in import_graph().items():
        room = room_of(file)
        for target in targets:
            other = room_of(target)
            if other != room and FLOORS[other] > FLOORS[room] and (room, other) not in LISTED:
                wrong.append(f"{file} imports {target}")
    assert not wrong


def test_no_circle_between_files() -> None:
    assert not circles(import_graph())


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"d", "a"}}) == {frozenset("bc")}


MAX_LINES = 500
"""Lines of a file: what is longer holds more than one thing."""


def long_files(root: Path) -> dict[str, int]:
    """Python files of the package, its tests and benchmarks that are too long, and their lines."""
    files = (file for folder in ("sirf", "tests", "benchmarks") for file in sorted((root / folder).rglob("*.py")))
    lines = {file.relative_to(root).as_posix(): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    return {name: count for name, count in lines.items() if count > MAX_LINES}


def test_no_file_is_too_long() -> None:
    assert long_files(ROOT) == {}


def test_a_long_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "sirf").mkdir()
    (tmp_path / "sirf" / "whole.py").write_text("x = 1\n" * MAX_LINES, encoding="utf-8")
    (tmp_path / "sirf" / "over.py").write_text("x = 1\n" * (MAX_LINES + 1), encoding="utf-8")
    assert long_files(tmp_path) == {"sirf/over.py": MAX_LINES + 1}


FACES = ("cli", "plot", "report")
"""A command, a picture and a report are called as what they show."""
SHARED_NAMES = {
    "filters": "those of any signal; those of COM's reference receiver",
    "hamming": "a kernel and the code that calls it",
    "ledger": "the value and its computation",
    "library": "one for each room that ships data",
    "margin": "the value and its computation",
    "materials": "the public door at the root and the models behind it",
    "mmse": "a kernel and the fit that calls it",
    "polyphase": "a kernel and the filter that calls it",
    "reception": "a kernel and the receiver that calls it",
    "reed_solomon": "a kernel and the code that calls it",
    "tables": "one for each room that ships data",
}
"""Names that two modules share, and why; any other name tells which module is meant."""


def shared_names() -> dict[str, set[str]]:
    """Module names, outside the faces, that more than one file bears, with the places."""
    places: dict[str, set[str]] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        path = file.relative_to(PACKAGE)
        if path.parts[0] not in FACES and not path.stem.startswith("__"):
            places.setdefault(path.stem, set()).add(path.as_posix())
    return {name: found for name, found in places.items() if len(found) > 1}


def test_a_module_name_tells_which_module_is_meant() -> None:
    shared = shared_names()
    assert {name: places for name, places in shared.items() if name not in SHARED_NAMES} == {}
    assert sorted(SHARED_NAMES.keys() - shared.keys()) == []


SHARED_CLASSES = {
    "Connector": "of copper pins in a path, of glass in a fibre: both are public names of their rooms",
    "Trace": "a line on a board; what a kernel records of each symbol",
}
"""Names that two classes share, and why; any other name tells which class is meant."""


def test_a_class_name_tells_which_class_is_meant() -> None:
    places: dict[str, set[str]] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, set()).add(file.relative_to(PACKAGE).as_posix())
    shared = {name: found for name, found in places.items() if len(found) > 1}
    assert {name: found for name, found in shared.items() if name not in SHARED_CLASSES} == {}
    assert sorted(SHARED_CLASSES.keys() - shared.keys()) == []


def test_array_types_are_named_in_one_place() -> None:
    elsewhere = []
    for file in sorted(PACKAGE.rglob("*.py")):
        path = file.relative_to(PACKAGE)
        # a kernel's file is compiled again whenever it, or what it imports, is edited: it names its own
        if path.parts[0] != "_kernels" and path.name != "_arrays.py":
            found = re.findall(r"^\s*(\w+)(?:: TypeAlias)? = NDArray\[", file.read_text(encoding="utf-8"), re.MULTILINE)
            elsewhere += [f"{path}: {name}" for name in found]
    assert elsewhere == []


def test_the_map_of_the_house_names_what_exists() -> None:
    rows = [
        line
        for line in (ROOT / "docs/architecture.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
    ]
    named = {
        name.rstrip("/").removesuffix(".py").rpartition("/")[2]
        for row in rows
        for name in re.findall(r"`([\w./]+)`", row)
    }
    there = {path.stem for path in PACKAGE.rglob("*") if path.is_dir() or path.suffix == ".py"}
    assert len(named) > 100
    assert sorted(named - there) == []


def test_compute_rooms_neither_draw_nor_print() -> None:
    for room in (
        "engine",
        "equalizer",
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
        "ami",
    ):
        for file in (PACKAGE / room).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            assert "matplotlib" not in text, file
            assert not re.search(r"(?<![\w.])print\(", text), file


@pytest.mark.parametrize("arguments", [["-c", "import sirf"], ["-m", "sirf", "--help"]])
def test_starting_loads_nothing_heavy(arguments: list[str]) -> None:
    code = "import sys\nsys.argv = ['sirf', '--help']\n"
    code += "import sirf\n" if arguments[0] == "-c" else "from sirf.__main__ import run_alone\nrun_alone()\n"
    code += f"heavy = {HEAVY} & set(sys.modules)\nassert not heavy, heavy"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [["eye"], ["com", "--standard", "802.3ck-kr1", "--package-case", "1"]])
def test_a_short_command_loads_neither_scipy_nor_matplotlib(command: list[str], channels_dir: Path) -> None:
    """Its imports would take longer than its work; what numba itself asks of SciPy is left out.

    Nor does it load the light that its link has not, nor readers of formats that its file is not of.
    """
    file = channels_dir / "c2m_16db" / "thru.s4p"
    arguments = [command[0], str(file), *command[1:]]
    code = f"""import sys
from sirf.__main__ import run_alone
sys.argv = ["sirf", *{arguments!r}]
assert run_alone() == 0
parts = "linalg special fft interpolate optimize signal stats sparse".split()
rare = {{"sirf.optics", "sirf.channel.citi", "sirf.channel.mdif"}}
heavy = {{"matplotlib", "skrf", "pandas", *rare, *(f"scipy.{{part}}" for part in parts)}} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_comparison_loads_no_search_or_spline_of_scipy() -> None:
    """They take longer to load than what a comparison asks of them takes to find; nor do eyes behind light, in each process."""
    # as in a command: where kernels have to be compiled first, numba alone would load what it knows of linear algebra
    code = """import sys
from sirf._kernels.first_run import Process
Process.commands_only = True
import sirf.report, sirf.study.compare, sirf.study.row_ledger, sirf.study.set_comparison
import sirf.engine.light.pattern_feedback
from sirf.study.kernel_warmup import first_light
first_light()
heavy = {"scipy.linalg", "scipy.optimize", "scipy.interpolate", "scipy.stats"} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_small_expected_values_are_compared_relatively() -> None:
    assert pytest.approx(2e-12) != 1e-12
    assert pytest.approx([1e-20, 2e-20]) != [1e-20, 3e-20]
    assert pytest.approx(0.0) == 1e-13


def test_no_kernel_multiplies_matrices() -> None:
    """A command hides BLAS from numba, see `sirf/_kernels/jit.py`."""
    for file in (PACKAGE / "_kernels").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.MatMult), file
            assert not (isinstance(node, ast.Attribute) and node.attr in ("dot", "vdot", "linalg")), file


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
