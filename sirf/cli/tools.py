"""Compare, eye, com, reach and check as tools of the Model Context Protocol, for agents.

Every tool runs its command in a process of its own and gives the same JSON (null, never NaN): whatever a command does, the
server's own standard output carries nothing but the protocol, and a call that is cancelled ends its process.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sirf._version import __version__
from sirf.errors import SirfError, shown

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp.types import CallToolResult

INSTRUCTIONS = (
    "SerDes channel signal integrity. Quantities are text with their unit, such as 53.125GBd, 106.25Gb/s or '10 in'. "
    "Files are paths on the machine of the server."
)
RAN = (0, 1)
"""Exit codes of a command that gave an answer."""
Quantity = str | float


class ToolError(SirfError):
    """A call that gave no answer: its text is the command's own sentence."""


class _Arguments(BaseModel):
    """Arguments of a tool: those of its command's options; an unknown one is refused."""

    model_config = ConfigDict(extra="forbid")


class CompareArguments(_Arguments):
    """Arguments of `compare`."""

    paths: list[str] = Field(default=[], description="Architectures or .toml files; all that ship by default.")
    data_rate: Quantity = Field(default="106.25Gb/s", description="53.125, 106.25, 212.5 or 425 Gb/s on a lane.")
    rule: Literal["common", "own"] = "common"
    com_db: float | None = Field(default=None, description="Reach is where COM in dB falls below this, instead.")
    set: list[str] = Field(default=[], description="What competes for one job: scale-up, scale-out or chiplet.")
    sampled: bool = Field(default=False, description="Also the band of reach with random inputs.")
    explain: str | None = Field(default=None, description="A row to show as a ledger.")
    out: str | None = Field(default=None, description="Folder for report and pictures; they are dropped by default.")


class _ChannelArguments(_Arguments):
    thru: str = Field(description="Touchstone file of the through path.")
    fext: list[str] = Field(default=[], description="Files of far-end aggressors.")
    next: list[str] = Field(default=[], description="Files of near-end aggressors.")
    port_order: str | None = Field(default=None, description="12-34, 13-24 or 14-23; found from the data by default.")


class EyeArguments(_ChannelArguments):
    """Arguments of `eye`."""

    standard: str = "802.3ck-c2m"
    engine: Literal["statistical", "waveform"] = "statistical"
    symbols: Quantity | None = Field(default=None, description="Symbols of the waveform engine.")
    seed: int | None = None
    package_case: str | None = None
    symbol_rate: Quantity | None = Field(default=None, description="Instead of the preset's, such as 53.125GBd.")


class ComArguments(_ChannelArguments):
    """Arguments of `com`."""

    standard: str | None = Field(default=None, description="Preset id; one of standard and config is needed.")
    config: str | None = Field(default=None, description="Official COM workbook.")
    set: list[str] = Field(default=[], description="Changes of the workbook, KEYWORD=VALUE.")
    package_case: str | None = None
    cable_class: str | None = None
    revision: str | None = None


class ReachArguments(_Arguments):
    """Arguments of `reach`."""

    path: str = Field(description="A path with a standard, an architecture, or optics.")
    standard: str | None = None
    data_rate: Quantity | None = None
    ber: float | None = Field(default=None, description="Most bit error ratio.")
    ber_post_fec: float | None = None
    com_db: float | None = None
    eye_height_mv: float | None = None
    eye_width_ui: float | None = None
    tdecq_db: float | None = None


class CheckArguments(_Arguments):
    """Arguments of `check`."""

    file: str = Field(description="Touchstone file.")
    symbol_rate: Quantity | None = None
    standard: str | None = None
    in_time: bool = Field(default=False, description="Add IEEE 370's figures in mV.")


TOOLS: dict[str, tuple[type[_Arguments], tuple[str, ...], str]] = {
    "compare": (
        CompareArguments,
        ("paths",),
        "Every way from a switch die to the next: loss, COM, eye, errors, reach, energy, with a verdict. Takes minutes.",
    ),
    "eye": (EyeArguments, ("thru",), "Eye, error ratio and margins of one channel after equalisation."),
    "com": (ComArguments, ("thru",), "Channel Operating Margin of one channel under a standard or a workbook."),
    "reach": (ReachArguments, ("path",), "Longest path that meets a limit, and what limits it."),
    "check": (
        CheckArguments,
        ("file",),
        "Quality of a Touchstone file: ports, grid, DC, passivity, reciprocity, causality.",
    ),
}
"""By name: arguments, which of them are positional on the command line, and what the tool does."""


async def serve() -> None:
    """Serve on standard input and output until the client goes."""
    server = build_server()
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (reader, writer):
        await server.run(reader, writer, server.create_initialization_options())


def build_server() -> Server[Any]:
    """The server with its tools; `SirfError` where the SDK is not installed."""
    try:
        from mcp import types
        from mcp.server.lowlevel import Server
    except ImportError:
        raise SirfError("sirf mcp must have the package mcp, got none. Install it: pip install 'sirf[mcp]'.") from None

    async def list_tools(context: Any, request: Any) -> types.ListToolsResult:
        return types.ListToolsResult(
            tools=[
                types.Tool(name=name, description=what, input_schema=model.model_json_schema())
                for name, (model, _, what) in TOOLS.items()
            ]
        )

    async def call_tool(context: Any, request: types.CallToolRequestParams) -> CallToolResult:
        try:
            answer = await run_tool(request.name, request.arguments or {})
        except SirfError as error:
            # the SDK's own form of a failed tool: the text reaches the caller
            return types.CallToolResult(content=[types.TextContent(type="text", text=str(error))], is_error=True)
        # structured content is an object; a list of cases stands under a name
        structured = answer if isinstance(answer, dict) else {"result": answer}
        text = json.dumps(answer, allow_nan=False)
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structured_content=structured)

    return Server(
        "sirf", version=__version__, instructions=INSTRUCTIONS, on_list_tools=list_tools, on_call_tool=call_tool
    )


async def run_tool(name: str, arguments: dict[str, Any]) -> Any:
    """The JSON value that a tool's command gives; `ToolError` with its sentence where it gives none."""
    if name not in TOOLS:
        raise ToolError(f"tool must be one of {', '.join(TOOLS)}, got {shown(name)}. Name one.")
    model, positional, _ = TOOLS[name]
    try:
        values = model.model_validate(arguments).model_dump(exclude_none=True)
    except ValidationError as error:
        known = ", ".join(model.model_fields)
        raise ToolError(f"{name}: {_faults(error)}. Known are {known}.") from None
    with TemporaryDirectory() as folder:
        if name == "compare":
            values.setdefault("out", str(Path(folder) / "compare"))
        return await _run(command_line(name, values, positional))


def _faults(error: ValidationError) -> str:
    """What is wrong with the arguments of a call, all at once: an agent mends a misspelt name by seeing which one is missing."""
    plain = {"missing": "must be given", "extra_forbidden": "is unknown"}
    faults = error.errors(include_url=False)
    names = [".".join(map(str, one["loc"])) for one in faults]
    said = [plain.get(one["type"], f"must be valid ({one['msg']})") for one in faults]
    return "; ".join(f"argument {name} {words}" for name, words in zip(names, said, strict=True))


def command_line(name: str, values: dict[str, Any], positional: tuple[str, ...]) -> list[str]:
    """The command of a tool's arguments, without the program.

    >>> command_line("reach", {"path": "npo", "com_db": 3.0}, ("path",))
    ['--quiet', 'reach', '--json=-', '--com-db=3.0', '--', 'npo']
    """
    options: list[str] = []
    places: list[str] = []
    for key, value in values.items():
        each = value if isinstance(value, list) else [value]
        option = f"--{key.replace('_', '-')}"
        if key in positional:
            places.extend(str(one) for one in each)
        elif isinstance(value, bool):
            options.extend([option] if value else [])
        else:
            options.extend(f"{option}={one}" for one in each)
    return ["--quiet", name, "--json=-", *options, "--", *places]


async def _run(arguments: list[str]) -> Any:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sirf",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode not in RAN:
        lines = err.decode(errors="replace").strip().splitlines()
        raise ToolError(
            lines[-1].removeprefix("sirf: ") if lines else f"sirf must answer, got exit code {process.returncode}."
        )
    return json.loads(out)
