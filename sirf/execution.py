"""How studies use the machine: threads of their own, and one thread each for the linear algebra below them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_algebra_thread() -> Iterator[None]:
    """Hold BLAS to one thread: the small systems of an equaliser search gain nothing by more, and wait for each other.

    For the time of a study that keeps all cores busy itself; on a loaded machine this saves a factor of ten.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
