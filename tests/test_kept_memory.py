"""What `sirf.__main__.keep_freed_memory` sees to: arrays that come and go take the same pages again."""

from __future__ import annotations

import subprocess
import sys

import pytest

ARRAYS = """
import resource
import sys
import numpy as np
from sirf.__main__ import keep_freed_memory

if sys.argv[1] == "kept":
    keep_freed_memory()

def fresh_pages():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

np.ones(1 << 18)
before = fresh_pages()
for _ in range(50):
    pair = np.ones(1 << 18), np.ones(1 << 18)
    del pair
print(fresh_pages() - before)
"""


def _fresh_pages(how: str) -> int:
    """Pages that the system clears while 50 pairs of arrays of 2 MiB come and go."""
    found = subprocess.run([sys.executable, "-c", ARRAYS, how], capture_output=True, text=True, check=True)
    return int(found.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="an option of glibc")
def test_arrays_that_come_and_go_take_the_same_pages() -> None:
    """No more than one pair's pages are cleared, and hundreds of pairs' otherwise were."""
    pages = 2 * (2 << 20) // 4096
    assert _fresh_pages("kept") < 4 * pages
    assert _fresh_pages("given back") > 10 * pages
