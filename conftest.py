"""Examples in docstrings run as tests: the names and files that they take as given. And how often Python looks for garbage."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest

# thousands of tests and modules live to the end: looking through them again and again takes a quarter of the collection
gc.set_threshold(50_000, 20, 20)


@pytest.fixture(autouse=True)
def _names_of_examples(
    doctest_namespace: dict[str, Any],
    request: pytest.FixtureRequest,
) -> None:
    """`sirf` and `np`; where an example names them `channel` (30 mm of package substrate), its `link`, and thru.s2p."""
    if not isinstance(request.node, pytest.DoctestItem) or request.node.dtest is None:
        return
    import numpy as np

    import sirf

    doctest_namespace |= {"sirf": sirf, "np": np}
    source = " ".join(example.source for example in request.node.dtest.examples)
    if not any(word in source for word in ("channel", "link", "thru.s2p")):
        return
    channel = doctest_namespace["channel"] = sirf.paths.cpo(length="30 mm", rate_class="100g").to_channel()
    if "link" in source:
        doctest_namespace["link"] = sirf.Link(channel, standard="cei-112g-xsr").optimized()
    if "sirf.save" in source or "thru.s2p" in source:
        # asked for where it is needed: a folder for each of thousands of tests takes seconds
        folder = request.getfixturevalue("tmp_path")
        request.getfixturevalue("monkeypatch").chdir(folder)
    if "thru.s2p" in source:
        from sirf.channel.touchstone import write_touchstone

        for name in ("thru.s2p", "fext1.s2p"):
            write_touchstone(Path(name), channel.through)
