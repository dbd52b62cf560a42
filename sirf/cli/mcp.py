"""`sirf mcp`: the commands as tools for agents."""

from __future__ import annotations


def mcp() -> None:
    """Serve compare, eye, com, reach and check to agents by the Model Context Protocol, on standard input and output."""
    import asyncio

    from sirf.cli.tools import serve

    asyncio.run(serve())
