"""The tools for agents, asked by the SDK's own client over standard input and output."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sirf.__main__ import main
from sirf.cli.tools import TOOLS, ToolError, run_tool

mcp = pytest.importorskip("mcp", reason="the extra 'mcp' is not installed")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("files") / "line.s2p"
    frequency = np.arange(0.0, 60e9, 100e6)
    rows = [f"{f:g} 0 0 {np.exp(-f / 60e9):.9f} 0 {np.exp(-f / 60e9):.9f} 0 0 0" for f in frequency]
    target.write_text("# Hz S RI R 100\n" + "\n".join(rows) + "\n")
    return target


def ask(questions: Callable[[Any], Awaitable[Any]]) -> Any:
    """What a client of the SDK gets from a server in a process of its own."""
    server = mcp.StdioServerParameters(command=sys.executable, args=["-m", "sirf", "mcp"])

    async def talk() -> Any:
        async with mcp.Client(server) as client:
            return await questions(client)

    return asyncio.run(asyncio.wait_for(talk(), 240))


def test_a_client_gets_the_json_of_the_command(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def questions(client: Any) -> tuple[Any, Any, Any, Any]:
        return (
            await client.list_tools(),
            await client.call_tool("check", {"file": str(file), "symbol_rate": "40GBd"}),
            await client.call_tool("check", {"file": str(file), "colour": "red"}),
            await client.call_tool("check", {"file": "absent.s4p"}),
        )

    listed, found, unknown, failed = ask(questions)
    assert {tool.name for tool in listed.tools} == set(TOOLS) == {"compare", "eye", "com", "reach", "check"}
    assert all(tool.input_schema["additionalProperties"] is False for tool in listed.tools)
    assert main(["check", str(file), "--symbol-rate", "40GBd", "--json", "-"]) == 0
    assert not found.is_error
    assert found.structured_content == json.loads(found.content[0].text) == json.loads(capsys.readouterr().out)
    assert unknown.is_error
    assert "colour" in unknown.content[0].text
    assert failed.is_error
    assert "absent.s4p" in failed.content[0].text


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
