"""numba's passes over its own form of a function, without what they look for in vain and look up again and again.

After every pass that might have changed something numba finds out which variables live on into which block, which only
generators and functions run by the interpreter ask for. And it looks for functions within functions and for expressions of
whole arrays where a glance tells that there are none.
"""

# numba is typed in part
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import BuiltinFunctionType, FunctionType
from typing import Any

from numba.core import event, ir, transforms, types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import register_pass
from numba.core.postproc import PostProcessor, VariableLifetime
from numba.core.typed_passes import NopythonRewrites
from numba.core.untyped_passes import InlineClosureLikes

from sirf._kernels.lean_calls import ARRAYS

_WHOLE_RUN, _START, _END = PostProcessor.run, event.start_event, event.end_event
_PLAIN = frozenset((str, int, float, bool, type(None), ir.Loc, ir.Scope, FunctionType, BuiltinFunctionType))
"""What parts of a statement have no variables in them, by far the most."""


def _of_statement(statement: Any) -> list[Any]:
    """Variables that a statement reads or writes, in order: as `list_vars` of numba's, which looks into all parts alike."""
    found: list[Any] = []
    _add_variables(vars(statement), found)
    return found


def _of_expression(expression: Any) -> list[Any]:
    """Variables that an expression reads, in order."""
    found: list[Any] = []
    _add_variables(expression._kws, found)
    return found


def _add_variables(part: Any, found: list[Any]) -> None:
    kind = type(part)
    if kind in _PLAIN:
        return
    if kind is ir.Var:
        found.append(part)
    elif kind is list or kind is tuple:
        for one in part:
            _add_variables(one, found)
    elif kind is dict:
        for one in part.values():
            _add_variables(one, found)
    else:
        # seldom: an instruction, or a kind of its own of those above
        found.extend(ir.Inst._rec_list_vars(part, part))


def _run(self: Any, emit_dels: bool = False, extend_lifetimes: bool = False) -> None:
    """`PostProcessor.run` of numba's without what is alive at the entry of each block."""
    function = self.func_ir
    if function.is_generator:
        _WHOLE_RUN(self, emit_dels, extend_lifetimes)
        return
    function.blocks = transforms.canonicalize_cfg(function.blocks)
    # works itself out part by part as it is asked
    function.variable_lifetime = VariableLifetime(function.blocks)
    function.generator_info = None
    if emit_dels:
        self._insert_var_dels(extend_lifetimes=extend_lifetimes)


def _started(kind: str, data: Any = None) -> None:
    """`start_event` of numba's, where somebody listens."""
    if event._registered[kind]:
        _START(kind, data)


def _ended(kind: str, data: Any = None, exc_details: Any = None) -> None:
    """`end_event` of numba's, where somebody listens."""
    if event._registered[kind]:
        _END(kind, data, exc_details)


def _no_timer(kind: str, callback: Any) -> Any:
    """`install_timer` of numba's, which has each compilation hear of every lock that is taken within it."""
    return nullcontext()


QUICK: list[tuple[Any, str, Any]] = [
    (PostProcessor, "run", _run),
    (ir.Stmt, "list_vars", _of_statement),
    (ir.Expr, "list_vars", _of_expression),
    (event, "start_event", _started),
    (event, "end_event", _ended),
    (event, "install_timer", _no_timer),
]
"""Where numba has what goes quicker, by owner and name."""


@contextmanager
def quick_passes() -> Iterator[None]:
    """Have numba's passes look up what they ask for and no more, while kernels compile, one thread at a time."""
    with global_compiler_lock:
        before = [(owner, name, vars(owner)[name]) for owner, name, _ in QUICK]
        for owner, name, function in QUICK:
            setattr(owner, name, function)
        try:
            yield
        finally:
            for owner, name, function in before:
                setattr(owner, name, function)


def _assignments(function: Any) -> Iterator[Any]:
    return (one for block in function.blocks.values() for one in block.body if isinstance(one, ir.Assign))


@register_pass(mutates_CFG=True, analysis_only=False)
class ClosuresWhereThereAre(InlineClosureLikes):
    """Puts functions within functions, reductions, stencils and lists made for arrays into their callers."""

    def run_pass(self, state: Any) -> bool:
        """As numba does, where one of them stands in the function."""
        return any(map(_may_be_put_in, _assignments(state.func_ir))) and bool(super().run_pass(state))


def _may_be_put_in(one: Any) -> bool:
    value = one.value
    if isinstance(value, ir.Expr):
        return value.op in ("make_function", "build_list", "build_set", "build_map")
    if not isinstance(value, ir.Global | ir.FreeVar):
        # an attribute of a module is found by name only later
        return False
    return value.value is functools.reduce or "stencil" in type(value.value).__name__.lower() + str(value.name).lower()


@register_pass(mutates_CFG=True, analysis_only=False)
class RewritesOfArrays(NopythonRewrites):
    """Makes one loop of an expression of whole arrays, arrays of lists of constants, and places of fields of names."""

    def run_pass(self, state: Any) -> bool:
        """As numba does, where one of them stands in the function."""
        kinds = state.typemap
        found = any(isinstance(kind, types.StringLiteral) for kind in kinds.values()) or any(
            _may_be_rewritten(one, kinds) for one in _assignments(state.func_ir)
        )
        return found and bool(super().run_pass(state))


def _may_be_rewritten(one: Any, kinds: Any) -> bool:
    value = one.value
    if not isinstance(value, ir.Expr) or not isinstance(kinds.get(one.target.name), types.Array):
        return isinstance(value, ir.Expr) and value.op == "build_list"
    if value.op == "call":
        function = kinds.get(value.func.name)
        return isinstance(function, types.Function) and not any(function.typing_key is one for one in ARRAYS)
    return value.op in ("unary", "binop", "inplace_binop")
