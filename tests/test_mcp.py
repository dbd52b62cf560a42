"""The tools for agents, asked by the SDK's own client over standard input and output."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.main import get_command

import sirf
from sirf.__main__ import main
from sirf.cli import app
from sirf.cli.tools import TOOLS, ToolError, run_tool

mcp = pytest.importorskip("mcp", reason="the extra 'mcp' is not installed")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("files") / "line.s2p"
    frequency = np.arange(0.0, 60e9, 100e6)
    rows = [f"{f:g} 0 0 {np.exp(-f / 60e9):.9f} 0 {np.exp(-f / 60e9):.9f} 0 0 0" for f in frequency]
    target.write_text("# Hz S RI R 100\n" + "\n".join(rows) + "\n")
    return target


def ask(questions: Callable[[Any], Awaitable[Any]], environment: dict[str, str] | None = None) -> Any:
    """What a client of the SDK gets from a server in a process of its own, by default with the little environment it gives."""
    server = mcp.StdioServerParameters(command=sys.executable, args=["-m", "sirf", "mcp"], env=environment)

    async def talk() -> Any:
        async with mcp.Client(server) as client:
            return await questions(client)

    return asyncio.run(asyncio.wait_for(talk(), 240))


def test_a_client_gets_the_json_of_the_command(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def questions(client: Any) -> tuple[Any, Any, Any, Any, Any]:
        return (
            await client.list_tools(),
            await client.call_tool("check", {"file": str(file), "symbol_rate": "40GBd"}),
            await client.call_tool("check", {"file": str(file), "colour": "red"}),
            await client.call_tool("check", {"file": "absent.s4p"}),
            await client.call_tool("check", {"path": str(file)}),
        )

    listed, found, unknown, failed, misspelt = ask(questions)
    assert {tool.name for tool in listed.tools} == set(TOOLS) == {"compare", "eye", "com", "reach", "check"}
    assert all(tool.input_schema["additionalProperties"] is False for tool in listed.tools)
    assert main(["check", str(file), "--symbol-rate", "40GBd", "--json", "-"]) == 0
    assert not found.is_error
    assert found.structured_content == json.loads(found.content[0].text) == json.loads(capsys.readouterr().out)
    assert unknown.is_error
    assert "colour" in unknown.content[0].text
    assert misspelt.is_error
    assert "argument file must be given; argument path is unknown" in misspelt.content[0].text
    assert failed.is_error
    assert "absent.s4p" in failed.content[0].text


def test_com_reach_and_compare_answer_a_client(file: Path) -> None:
    async def questions(client: Any) -> tuple[Any, ...]:
        return (
            await client.call_tool("com", {"thru": str(file), "standard": "802.3ck-c2c", "package_case": "1"}),
            await client.call_tool("reach", {"path": "cpo", "standard": "cei-112g-xsr", "ber": 1e-6}),
            await client.call_tool("compare", {"paths": ["die-to-die"], "data_rate": "106.25Gb/s"}),
        )

    # the environment of the tests names the cache: without it the commands compile all their kernels again
    margin, reach, table = (answer.structured_content for answer in ask(questions, dict(os.environ)))
    assert margin["com_db"] > 3.0
    assert margin["package_case"] == 1
    assert margin["search"]["method"]
    assert reach["limit"] == {"ber": 1e-6}
    # the margins ripple by half a decade: 178.1 mm is the first length that misses, 188 mm misses for good
    assert reach["reach_mm"] == pytest.approx(175.1, rel=0.03)
    alone = sirf.reach("cpo", standard="cei-112g-xsr", limit={"ber": 1e-6}, explain=False)
    assert reach["reach_mm"] == pytest.approx(alone.reach_mm, rel=1e-9)
    lengths = [point["length_mm"] for point in reach["curve"]]
    assert lengths == sorted(lengths)
    (row,) = table["rows"]
    assert row["path"] == "die-to-die"
    assert row["ber"] < 1e-9
    assert row["com_db"] is None or row["com_db"] > 0.0
    assert all("nan" not in sentence.lower() for sentence in table["verdict"])


def test_arguments_of_tools_are_options_of_their_commands() -> None:
    """Every argument reaches an option or a place of its command: none is dropped or misspelt."""
    tool: Any = get_command(app)
    for name, (model, positional, _) in TOOLS.items():
        known = {option for one in tool.commands[name].params for option in one.opts}
        for key in model.model_fields:
            assert key in positional or f"--{key.replace('_', '-')}" in known, f"{name}: {key}"


def test_no_number_is_null(file: Path) -> None:
    found = asyncio.run(run_tool("eye", {"thru": str(file), "standard": "cei-112g-xsr"}))
    assert found["errors"] is None
    assert found["ber_low"] is None
    assert 0 <= found["ber"] < 1


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("paint", {}, "tool must be one of"),
        ("eye", {}, "argument thru"),
        ("com", {"thru": "absent.s4p"}, "one of --standard and --config"),
        ("reach", {"path": "pluggable", "standard": "C2M"}, "Did you mean '802.3ck-c2m'"),
        ("compare", {"data_rate": 106}, "data_rate must be one of"),
    ],
)
def test_bad_calls_are_errors_with_the_sentence(name: str, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ToolError, match=words):
        asyncio.run(run_tool(name, arguments))
