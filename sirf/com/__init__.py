"""Channel Operating Margin: settings, the steps of Annexes 93A, 120G and 178A, and the search over the reference equaliser.

The package itself is callable: `sirf.com(channel, standard="802.3ck-kr1")` is `sirf.com.margin.com`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    """A package that is called like the function it is about."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from sirf.com.margin import com

        return com(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
