"""`sirf doctor`, `sirf completion`: this machine and this shell."""

from __future__ import annotations

import os
import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

from sirf._version import __version__
from sirf.cli.options import Json
from sirf.cli.output import check_outputs, say, table, write_json
from sirf.errors import SirfError, shown

PACKAGES = (
    "numpy",
    "scipy",
    "numba",
    "scikit-rf",
    "pydantic",
    "typer",
    "rich",
    "matplotlib",
    "jinja2",
    "h5py",
    "dask",
    "pyarrow",
    "pandas",
    "mcp",
)
FOLDERS = ("cache of compiled loops", "data folder", "reference data")
"""Parts whose value is a folder."""
SHELLS = ("bash", "zsh", "fish")
ZSH_FIRST_TAB = 'if [ "$funcstack[1]" = "_sirf" ]; then _sirf_completion "$@"; fi'
"""zsh loads the script as a function when completion is first asked for: without this line that first time gives no answer."""
completion_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Completion of commands and options in a shell."
)


def doctor(json_file: Json = None) -> None:
    """Say what this installation consists of: versions, threads, cache, data; exit code 1 where something is wrong."""
    check_outputs(json_file)
    found, problems = _set_up()
    rows = [
        (key, value if isinstance(value, str) else ", ".join(f"{a} {b}" for a, b in value.items()))
        for key, value in found.items()
    ]
    table(("part", "found"), [row for row in rows if row[0] not in FOLDERS], json_file=json_file)
    # a folder is whole on its own line, to be copied
    for part, folder in rows:
        if part in FOLDERS:
            say(f"{part}: {folder}", json_file=json_file)
    for problem in problems:
        say(f"problem: {problem}", json_file=json_file)
    say("all is well" if not problems else f"{len(problems)} to mend", json_file=json_file)
    write_json({**found, "problems": problems}, json_file)
    if problems:
        raise typer.Exit(1)


def _set_up() -> tuple[dict[str, Any], list[str]]:
    """What is found, and what is wrong with it."""
    from sirf._data import data_root, list_data

    problems: list[str] = []
    versions: dict[str, str] = {}
    # from the installed metadata: importing them all would take seconds and hide what is absent behind errors
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "absent"
    cache, problem = _cache()
    problems += [problem] if problem else []
    try:
        root = data_root()
        data: dict[str, str] = {
            folder.name: str(len(list_data(folder.name))) for folder in sorted(root.iterdir()) if folder.is_dir()
        }
    except SirfError as error:
        root, data = Path(), {}
        problems.append(str(error))
    answer = {
        "sirf": __version__,
        "python": f"{sys.version.split()[0]} on {sys.platform}",
        "packages": versions,
        "threads": _threads(),
        "cache of compiled loops": "none" if cache is None else f"{cache}, {_size(cache)}",
        "data folder": str(root),
        "data files": data,
        "reference data": os.environ.get("SIRF_REFERENCE_DIR", "not set (only tests ask for SIRF_REFERENCE_DIR)"),
    }
    return answer, problems


def _threads() -> dict[str, str]:
    import numba
    import numpy as np  # noqa: F401 - loads the BLAS that is asked about
    from threadpoolctl import threadpool_info

    # containers and job schedulers give a process fewer cores than the machine has
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    libraries = {one.get("internal_api", "?"): str(one.get("num_threads")) for one in threadpool_info()}
    return {
        "cores": str(os.cpu_count()),
        "usable": str(usable),
        "numba": str(numba.get_num_threads()),
        **libraries,
    }


def _cache() -> tuple[Path | None, str]:
    """Folder in which compiled loops are kept, None where nowhere; and what is wrong with that, if anything."""
    from numba import config

    from sirf._kernels.jit import cache_folder
    from sirf._kernels.uniform_line import open_line

    folder = cache_folder(open_line)
    # numba declares its settings nowhere
    chosen = getattr(config, "CACHE_DIR", "")
    wish = Path(chosen) if chosen else None
    if folder is None:
        return (
            None,
            "compiled loops are kept nowhere: every start compiles anew. Set NUMBA_CACHE_DIR to a folder of yours.",
        )
    # below the folder asked for numba makes one for each folder of modules
    if wish is not None and wish not in folder.parents:
        return folder, f"NUMBA_CACHE_DIR must be a folder that can be written, got {wish}. Set another, or none."
    return folder if wish is None else wish, ""


def _size(folder: Path) -> str:
    files = [one for ending in ("nbi", "nbc") for one in folder.rglob(f"*.{ending}")] if folder.is_dir() else []
    return f"{len(files)} files, {sum(one.stat().st_size for one in files) / 1e6:.1f} MB"


@completion_app.command()
def install(
    shell: Annotated[str | None, typer.Argument(help="bash, zsh or fish; that of this terminal by default.")] = None,
) -> None:
    """Install completion for a shell: writes its script into your home folder and says where."""
    from typer._completion_shared import install as run

    chosen = _shell(shell)
    _, place = run(shell=chosen, prog_name="sirf", complete_var="_SIRF_COMPLETE")
    if chosen == "zsh":
        place.write_text(_script(chosen) + "\n", encoding="utf-8")
    print(f"completion for {chosen} installed in {place}; it works in the next terminal")


@completion_app.command()
def show(shell: Annotated[str | None, typer.Argument(help="bash, zsh or fish.")] = None) -> None:
    """Print the completion script, to install it by hand."""
    print(_script(_shell(shell)))


def _script(shell: str) -> str:
    from typer._completion_shared import get_completion_script

    script = get_completion_script(prog_name="sirf", complete_var="_SIRF_COMPLETE", shell=shell)
    return f"{script}\n{ZSH_FIRST_TAB}" if shell == "zsh" else script


def _shell(given: str | None) -> str:
    chosen = given or Path(os.environ.get("SHELL", "")).name
    if chosen not in SHELLS:
        raise SirfError(
            f"shell must be one of {', '.join(SHELLS)}, got {shown(chosen)}. Write sirf completion install bash."
        )
    return chosen
