"""How numba is asked to compile kernels: as part of their callers, and to machine code where Python calls them.

numba compiles each function that another one calls as if Python called it too: with an entry for Python, optimised, and to
machine code of its own. Yet each caller takes a copy of it in LLVM's intermediate form, optimises that and makes machine code of
it. Most kernels are such steps of another kernel, whose own machine code nobody runs.
"""

# numba is typed in part
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from numba.core import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, Flags
from numba.core.registry import CPUDispatcher
from numba.core.sigutils import normalize_signature
from numba.core.targetconfig import ConfigStack
from numba.np.numpy_support import as_dtype

from sirf._kernels.call_types import SettledFlags, kept_call_types


class _Definitions:
    """A module of LLVM's without the functions that it declares and does not define."""

    def __init__(self, module: Any) -> None:
        self.__dict__["_module"] = module

    @property
    def functions(self) -> Iterator[Any]:
        return (function for function in self._module.functions if not function.is_declaration)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._module, name, value)


class _KernelLibrary(JITCodeLibrary):
    """Code of a kernel."""

    compact = False
    """Whether loops stay as they are written, where LLVM would unroll them and add forms on vector registers."""

    def _optimize_functions(self, ll_module: Any) -> None:
        if self.compact:
            for function in _Definitions(ll_module).functions:
                function.add_function_attribute("optsize")
                # within a caller that is not compact it would not stay so
                function.add_function_attribute("noinline")
        # numba would set up its passes for each function that is only declared, which they leave as it is
        super()._optimize_functions(_Definitions(ll_module))


class _EntryLibrary(_KernelLibrary):
    """The way into a linked kernel from Python, with the kernel itself."""

    kernel_name = ""

    def _optimize_final_module(self) -> None:
        # a copy may be dropped once it is put into its caller, but here it is what other kernels link
        self._final_module.get_function(self.kernel_name).linkage = "external"
        super()._optimize_final_module()


class _LinkedLibrary(_KernelLibrary):
    """Code of a kernel for those that call it, which optimise their copies together with their own code."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        # as numba does, but for the machine code
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True


class _LinkedCompiler(Compiler):
    """numba's own steps of a compilation, without an entry for Python and without machine code."""

    compact = False

    def _compile_core(self) -> Any:
        state = self.state
        state.flags = SettledFlags(state.flags)
        with kept_call_types(state.typingctx):
            return super()._compile_core()

    def define_pipelines(self) -> Any:
        state, context = self.state, self.state.targetctx
        state.library = _LinkedLibrary(context.codegen(), state.func_id.func_qualname)
        state.library.compact = self.compact
        # the context belongs to this compilation alone; without an entry by its options, numba would compile anew for it what
        # it has of its own functions
        context.create_cpython_wrapper, context.get_executable = _no_entry, _identity_of
        return super().define_pipelines()


class _CompactLinkedCompiler(_LinkedCompiler):
    """For kernels whose code is to be small: numba's options have no place for that."""

    compact = True


def _no_entry(library: Any, fndesc: Any, env: Any, call_helper: Any, release_gil: bool = False) -> None:
    """What only kernels call needs no way in from Python.

    One made later finds its constants here, for callers on disk hold the environment as it is now.
    """
    env.consts.extend(_constants_of(fndesc.restype))


def _constants_of(kind: Any) -> list[Any]:
    """By which numba makes Python's arrays of a kernel's."""
    if isinstance(kind, types.Array):
        return [as_dtype(kind.dtype)]
    return [one for part in getattr(kind, "types", ()) for one in _constants_of(part)]


def _identity_of(library: Any, fndesc: Any, env: Any) -> object:
    """What numba knows the kernel by in place of a compiled function, once its code is there to be linked."""
    library._ensure_finalized()
    return object()


class _Linked(CPUDispatcher):
    """Forms of a kernel for the kernels that call it."""

    def add_overload(self, cres: Any) -> None:
        # not to the forms that calls from Python look through
        self.overloads[tuple(cres.signature.args)] = cres


class KernelDispatcher(CPUDispatcher):
    """A kernel: a form for those that call it by types of arguments, and an entry to that for those that Python calls it with."""

    def __init__(self, function: Any, *, compact: bool, **options: Any) -> None:
        super().__init__(function, targetoptions={"nopython": True} | options)
        self._linked_compiler = _CompactLinkedCompiler if compact else _LinkedCompiler
        compiler: Any = getattr(self, "_compiler")  # noqa: B009  # numba declares it nowhere
        compiler._compile_core = self._with_entry

    @cached_property
    def _linked(self) -> Any:
        # a kernel that is only loaded from disk needs none
        return _Linked(self.py_func, targetoptions=self.targetoptions, pipeline_class=self._linked_compiler)

    def _with_entry(self, args: Any, return_type: Any) -> Any:
        """The form that other kernels link, with an entry for Python.

        So no kernel's code hangs on whether Python or another kernel called it first, which would move the last bits of what it
        computes from run to run.
        """
        if tuple(args) not in self._linked.overloads:
            self._linked.compile(tuple(args))
        form = self._linked.overloads[tuple(args)]
        context, description = form.target_context, form.fndesc
        library = _EntryLibrary(context.codegen(), description.qualname)
        library.kernel_name = description.mangled_name
        library.enable_object_caching()
        library.add_linking_library(form.library)
        known = len(form.environment.consts)
        flags = Flags()
        self.targetdescr.options.parse_as_flags(flags, self.targetoptions)
        with ConfigStack().enter(flags), context.push_code_library(library):
            type(context).create_cpython_wrapper(
                context, library, description, form.environment, form.call_helper, release_gil=flags.release_gil
            )
        # callers on disk would bring the environment without what is added now
        if len(form.environment.consts) > known:
            raise TypeError(
                f"{self.py_func.__name__} must return numbers, arrays, or tuples of them, got {form.signature.return_type}. "
                "Fill an array that the caller brings."
            )
        entry = type(context).get_executable(context, library, description, form.environment)
        context.insert_user_function(entry, description, [library])
        # numba notes its times in the metadata, once for each form
        return form._replace(library=library, entry_point=entry, metadata={})

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Types for a call by another kernel, and the form that it links."""
        return self._linked.get_call_template(args, kws)

    def get_overload(self, sig: Any) -> Any:
        """What the form that `get_call_template` has found is known by."""
        return self._linked.overloads[tuple(normalize_signature(sig)[0])].entry_point
