"""Loops over ranges, elements of arrays and references in few instructions of LLVM's, where numba spends dozens on each.

Most of a compilation grows with the number of instructions that LLVM is handed, though its first passes drop most of those here:
numba copies a whole array to read one element, makes a record of a range to count, and counts references to numbers.
"""

# numba is typed in part
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, NamedTuple

from numba.core import cgutils, ir, types
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.typed_passes import NativeLowering

from sirf._kernels.lean_calls import PARTS, record, write_call, write_operation


class _Bounds(NamedTuple):
    """A range whose step is known."""

    start: Any
    stop: Any
    step: int


class _Counter(NamedTuple):
    """The state of a loop over a range: places of its next number and of its end, or of how many numbers are left."""

    next: Any
    end: Any
    step: int


class _Selection(NamedTuple):
    """What an index selects of an array: its first element, by place on each axis, and how many on those axes that stay."""

    places: list[Any]
    lengths: dict[int, Any]


class LeanLower(Lower):
    """numba's step from its own form of a function to LLVM's, shorter for what kernels are made of."""

    def init(self) -> None:
        """Look through the function: which variables are arguments that stay as they are, and which loops are over ranges."""
        super().init()
        self._own: dict[int, Callable[[Any], None]] = {}
        self._counted: dict[int, bool] = {}
        self._arguments: dict[str, int] = {}
        self._raw: dict[str, Any] = {}
        self._bounds: dict[str, _Bounds] = {}
        self._counters: dict[str, _Counter] = {}
        self._steps: dict[str, tuple[Any, Any]] = {}
        if self.generator_info is None and not self._disable_sroa_like_opt:
            self._uses = _Uses(self.blocks)
            self._find_arguments()
            self._find_ranges()

    # arguments

    def _find_arguments(self) -> None:
        """Arguments that nothing else is assigned to: the caller holds them, so that they need neither a copy nor a reference."""
        for name, definitions in self._uses.definitions.items():
            value = definitions[0].value
            if len(definitions) > 1 or not isinstance(value, ir.Arg):
                continue
            # an argument left out has the type of its default instead
            if self.typeof("arg." + value.name) == self.typeof(name):
                self._arguments[name] = value.index
                self._own[id(definitions[0])] = self._keep_argument
                self._singly_assigned_vars.add(name)

    def extract_function_arguments(self) -> Any:
        """Values of the arguments; records of arrays are put together where something asks for a whole one."""
        raw = self.call_conv.get_arguments(self.function)
        packer = self.call_conv._get_arg_packer(self.fndesc.argtypes)
        tree = packer._unflattener.unflatten(raw)
        lazy = {at: name for name, at in self._arguments.items() if _is_plain_array(self.typeof(name))}
        self._raw = {name: tree[at] for at, name in lazy.items()}
        self.fnargs = [
            None if at in lazy else model.from_argument(self.builder, value)
            for at, (model, value) in enumerate(zip(packer._dm_args, tree, strict=True))
        ]
        return self.fnargs

    def _keep_argument(self, inst: Any) -> None:
        if inst.target.name not in self._raw:
            self._blk_local_varmap[inst.target.name] = self.fnargs[inst.value.index]

    def loadvar(self, name: str) -> Any:
        """The value of a variable."""
        if name in self._raw and name not in self._blk_local_varmap:
            model = self.context.data_model_manager[self.typeof(name)]
            # once for all blocks
            with self.builder.goto_block(self.entry_block):
                self._blk_local_varmap[name] = model.from_argument(self.builder, self._raw[name])
        return super().loadvar(name)

    # references

    def _holds_references(self, kind: Any) -> bool:
        # types of one function live as long as it is compiled
        found = self._counted.get(id(kind))
        if found is None:
            found = self._counted[id(kind)] = bool(self.context.data_model_manager[kind].contains_nrt_meminfo())
        return found

    def incref(self, typ: Any, val: Any) -> None:
        """Count a reference more, where there are any."""
        if self._holds_references(typ):
            super().incref(typ, val)

    def decref(self, typ: Any, val: Any) -> None:
        """Count a reference less, where there are any."""
        if self._holds_references(typ):
            super().decref(typ, val)

    def storevar(self, value: Any, name: str, argidx: Any = None) -> None:
        """Give a variable its value; the old one is looked at only for its references."""
        kind = self.typeof(name)
        if self._disable_sroa_like_opt or name in self._singly_assigned_vars or self._holds_references(kind):
            super().storevar(value, name, argidx)
        else:
            self._alloca_var(name, kind)
            self.builder.store(value, self.getvar(name))

    def delvar(self, name: str) -> None:
        """End a variable: nothing to do but for references."""
        if name in self._arguments:
            return
        kind = self.typeof(name)
        if self._disable_sroa_like_opt:
            super().delvar(name)
        elif not self._holds_references(kind):
            # numba's order of statements may have it deleted ahead of its only value
            if name not in self._blk_local_varmap:
                self._singly_assigned_vars.discard(name)
        elif _is_plain_array(kind) and name not in self._blk_local_varmap and name not in self._singly_assigned_vars:
            self._alloca_var(name, kind)
            place = cgutils.gep_inbounds(self.builder, self.getvar(name), 0, PARTS["meminfo"])
            owner = self.builder.load(place)
            self.context.nrt.decref(self.builder, types.MemInfoPointer(kind.dtype), owner)
            # it may be deleted again
            self.builder.store(cgutils.get_null_value(owner.type), place)
        else:
            super().delvar(name)

    # ranges

    def _find_ranges(self) -> None:
        """Loops over ranges of whole numbers with a known step, nothing else of which is used than its numbers."""
        uses = self._uses
        for block in self.blocks.values():
            calls = {one.target.name: one for one in block.find_insts(ir.Assign) if _is_expression(one.value, "call")}
            for start in block.find_insts(ir.Assign):
                if not _is_expression(start.value, "getiter") or start.value.value.name not in calls:
                    continue
                call = calls[start.value.value.name]
                if not self._is_counted(call):
                    continue
                # what holds the iterator: the first may hand it on to one of the loop's own
                holders = [start]
                users = uses.of(start.target.name)
                if len(users) == 1 and _is_assignment(users[0]) and isinstance(users[0].value, ir.Var):
                    holders += users
                    users = uses.of(users[0].target.name)
                if not all(len(uses.definitions[one.target.name]) == 1 for one in [call, *holders]):
                    continue
                if uses.of(call.target.name) == [start] and all(self._is_step(one) for one in users):
                    self._own |= {id(call): self._bound, id(start): self._begin}
                    self._own |= {id(one): self._hand_on for one in holders[1:]}
                    self._own |= {id(one): self._advance for one in users}
                    for one in users:
                        self._own |= {id(part): self._take for part in uses.of(one.target.name)}

    def _is_counted(self, call: Any) -> bool:
        expression, kind = call.value, self.typeof(call.value.func.name)
        return (
            isinstance(kind, types.Function)
            and kind.typing_key is range
            and self.typeof(call.target.name) == types.range_state64_type
            and not expression.kws
            and not expression.vararg
            and (len(expression.args) < 3 or self._literal(expression.args[2].name) not in (None, 0))
        )

    def _literal(self, name: str) -> int | None:
        kind = self.typeof(name)
        return int(kind.literal_value) if isinstance(kind, types.IntegerLiteral) else None

    def _is_step(self, inst: Any) -> bool:
        """Whether a statement takes the next number, and what is used of it are that number and whether there is one."""
        if not _is_assignment(inst) or not _is_expression(inst.value, "iternext"):
            return False
        name = inst.target.name
        return len(self._uses.definitions[name]) == 1 and all(
            _is_assignment(one)
            and (_is_expression(one.value, "pair_first") or _is_expression(one.value, "pair_second"))
            and self._uses.block_of[id(one)] == self._uses.block_of[id(inst)]
            for one in self._uses.of(name)
        )

    def _bound(self, inst: Any) -> None:
        arguments = inst.value.args
        whole = types.range_state64_type.dtype
        values = [self._cast_var(one, whole) for one in arguments[:2]]
        start = values[0] if len(values) == 2 else self.context.get_constant(whole, 0)
        step = self._literal(arguments[2].name) if len(arguments) == 3 else 1
        self._bounds[inst.target.name] = _Bounds(start, values[-1], step)  # type: ignore[arg-type]

    def _begin(self, inst: Any) -> None:
        builder = self.builder
        start, stop, step = self._bounds[inst.value.value.name]
        end = stop
        if abs(step) > 1:
            # numbers to go: one beyond the end might be no whole number of 64 bits
            distance = builder.sub(stop, start) if step > 0 else builder.sub(start, stop)
            rounds = builder.add(builder.sdiv(builder.sub(distance, end.type(1)), end.type(abs(step))), end.type(1))
            end = builder.select(builder.icmp_signed(">", distance, end.type(0)), rounds, end.type(0))
        counter = _Counter(cgutils.alloca_once(builder, start.type), cgutils.alloca_once(builder, start.type), step)
        builder.store(start, counter.next)
        builder.store(end, counter.end)
        self._counters[inst.target.name] = counter

    def _hand_on(self, inst: Any) -> None:
        self._counters[inst.target.name] = self._counters[inst.value.name]

    def _advance(self, inst: Any) -> None:
        builder, counter = self.builder, self._counters[inst.value.value.name]
        number, end = builder.load(counter.next), builder.load(counter.end)
        if abs(counter.step) > 1:
            within = builder.icmp_signed(">", end, end.type(0))
            builder.store(builder.sub(end, end.type(1), flags=["nsw"]), counter.end)
            after = builder.add(number, number.type(counter.step))
        else:
            within = builder.icmp_signed("<" if counter.step > 0 else ">", number, end)
            # beyond the end, where it might pass the largest number, nothing reads it
            after = builder.add(number, number.type(counter.step), flags=["nsw"])
        builder.store(after, counter.next)
        self._steps[inst.target.name] = number, within

    def _take(self, inst: Any) -> None:
        number, within = self._steps[inst.value.value.name]
        if inst.value.op == "pair_second":
            self.storevar(within, inst.target.name)
            return
        kind = self.typeof(inst.target.name)
        self.storevar(self.context.cast(self.builder, number, types.range_state64_type.dtype, kind), inst.target.name)

    # arrays

    def _part(self, name: str, part: str, *axis: int) -> Any:
        """A part of an array's record."""
        if name in self._raw:
            found = self._raw[name][PARTS[part]]
            return found[axis[0]] if axis else found
        if name in self._blk_local_varmap:
            return self.builder.extract_value(self._blk_local_varmap[name], [PARTS[part], *axis])
        return self.builder.load(cgutils.gep_inbounds(self.builder, self.getvar(name), 0, PARTS[part], *axis))

    def _indexed(self, array: str, index: str) -> _Selection | None:
        """What an index selects of a plain array, or None where it is none of whole numbers and plain slices."""
        kind, index_kind = self.typeof(array), self.typeof(index)
        if not _is_plain_array(kind) or self.context.enable_boundscheck or self._disable_sroa_like_opt:
            return None
        kinds: Any = index_kind if isinstance(index_kind, types.BaseTuple) else (index_kind,)
        if len(kinds) > kind.ndim or not all(_is_whole_or_slice(one) for one in kinds):
            return None
        value = self.loadvar(index)
        values = [value]
        if isinstance(index_kind, types.BaseTuple):
            values = [self.builder.extract_value(value, axis) for axis in range(len(kinds))]
        places, lengths = [], {}
        for axis in range(kind.ndim):
            if axis < len(kinds) and isinstance(kinds[axis], types.Integer):
                places.append(self._place(array, axis, kinds[axis], values[axis]))
                continue
            start, lengths[axis] = self.context.get_constant(types.intp, 0), self._part(array, "shape", axis)
            if axis < len(kinds):
                # a slice of constants has no other value than its type
                part = self.context.cast(self.builder, values[axis], kinds[axis], types.slice2_type)
                start, lengths[axis] = self._sliced(lengths[axis], part)
            places.append(start)
        return _Selection(places, lengths)

    def _sliced(self, size: Any, part: Any) -> tuple[Any, Any]:
        """First place and length of a slice without a step, clipped to what is there as Python does."""
        builder, ends = self.builder, []
        zero = size.type(0)
        for at in range(2):
            end = builder.extract_value(part, at)
            end = builder.select(builder.icmp_signed("<", end, zero), builder.add(end, size), end)
            end = builder.select(builder.icmp_signed("<", end, zero), zero, end)
            ends.append(builder.select(builder.icmp_signed(">=", end, size), size, end))
        length = builder.sub(ends[1], ends[0])
        return ends[0], builder.select(builder.icmp_signed("<", length, zero), zero, length)

    def _address(self, array: str, places: list[Any]) -> Any:
        """Where the element at some places lies in memory."""
        kind = self.typeof(array)
        if kind.layout == "C":
            return self.builder.gep(self._part(array, "data"), [self._offset(array, places)])
        axes = range(kind.ndim)
        shape: Any = [self._part(array, "shape", axis) for axis in axes] if kind.layout == "F" else [None for _ in axes]
        strides = shape if kind.layout == "F" else [self._part(array, "strides", axis) for axis in axes]
        return cgutils.get_item_pointer2(
            self.context, self.builder, self._part(array, "data"), shape, strides, kind.layout, places
        )

    def _view(self, array: str, kind: Any, selection: _Selection) -> Any:
        """The record of a part of an array, which holds a reference to the whole."""
        view = record(
            self.context,
            self.builder,
            kind,
            owner=self._part(array, "meminfo"),
            parent=self._part(array, "parent"),
            data=self._address(array, selection.places),
            lengths=list(selection.lengths.values()),
            strides=[self._part(array, "strides", axis) for axis in selection.lengths],
            item=self._part(array, "itemsize"),
        )
        self.incref(kind, view)
        return view

    def _place(self, array: str, axis: int, kind: Any, index: Any) -> Any:
        """An index from the front, where one from the end is below zero."""
        if not kind.signed:
            return self.context.cast(self.builder, index, kind, types.uintp)
        place = self.context.cast(self.builder, index, kind, types.intp)
        if isinstance(kind, types.IntegerLiteral) and kind.literal_value >= 0:
            return place
        from_end = self.builder.icmp_signed("<", place, place.type(0))
        return self.builder.select(from_end, self.builder.add(place, self._part(array, "shape", axis)), place)

    def _offset(self, array: str, places: list[Any]) -> Any:
        """Elements ahead of one, by rows."""
        offset = None
        for axis, place in enumerate(places):
            for later in range(axis + 1, len(places)):
                place = self.builder.mul(place, self._part(array, "shape", later))
            offset = place if offset is None else self.builder.add(offset, place)
        return offset

    def lower_getitem(self, resty: Any, expr: Any, value: Any, index: Any, signature: Any) -> Any:
        """Read an element, or what else stands at an index."""
        selection = self._indexed(value.name, index.name)
        if selection is None:
            return super().lower_getitem(resty, expr, value, index, signature)
        if selection.lengths:
            return self._view(value.name, resty, selection)
        kind, address = self.typeof(value.name), self._address(value.name, selection.places)
        item = self.context.unpack_value(self.builder, kind.dtype, address, align=None if kind.aligned else 1)
        return self.context.cast(self.builder, item, kind.dtype, resty)

    def lower_setitem(self, target_var: Any, index_var: Any, value_var: Any, signature: Any) -> Any:
        """Write a number to an element or to each of a part, or what else stands at an index."""
        value_kind = self.typeof(value_var.name)
        selection = None
        if isinstance(value_kind, types.Number | types.Boolean):
            selection = self._indexed(target_var.name, index_var.name)
        if selection is None:
            return super().lower_setitem(target_var, index_var, value_var, signature)
        kind = self.typeof(target_var.name)
        item = self.context.cast(self.builder, self.loadvar(value_var.name), value_kind, signature.args[2])
        item = self.context.cast(self.builder, item, signature.args[2], kind.dtype)
        places = list(selection.places)
        with ExitStack() as loops:
            for axis, length in selection.lengths.items():
                loop = loops.enter_context(cgutils.for_range(self.builder, length))
                places[axis] = self.builder.add(places[axis], loop.index)
            address = self._address(target_var.name, places)
            self.context.pack_value(self.builder, kind.dtype, item, address, align=None if kind.aligned else 1)
        return None

    def lower_expr(self, resty: Any, expr: Any) -> Any:
        """The value of an expression."""
        if expr.op == "static_getitem" and expr.index_var is not None and _is_plain_array(self.typeof(expr.value.name)):
            return self.lower_getitem(resty, expr, expr.value, expr.index_var, self.fndesc.calltypes[expr])
        if expr.op == "getattr" and expr.attr in ("size", "shape") and _is_plain_array(self.typeof(expr.value.name)):
            name = expr.value.name
            if expr.attr == "size":
                return self._part(name, "nitems")
            return self.context.make_tuple(
                self.builder, resty, [self._part(name, "shape", axis) for axis in range(len(resty))]
            )
        return super().lower_expr(resty, expr)

    def lower_binop(self, resty: Any, expr: Any, op: Any) -> Any:
        """The value of an operation on two values."""
        written = write_operation(self, resty, expr, op)
        return super().lower_binop(resty, expr, op) if written is None else written

    def lower_call(self, resty: Any, expr: Any) -> Any:
        """The value of a call."""
        function = self.typeof(expr.func.name)
        if isinstance(function, types.Function) and function.typing_key is len:
            name = expr.args[0].name
            if _is_plain_array(self.typeof(name)):
                return self.context.cast(self.builder, self._part(name, "shape", 0), types.intp, resty)
        written = write_call(self, resty, expr)
        return super().lower_call(resty, expr) if written is None else written

    def lower_inst(self, inst: Any) -> None:
        """Write one statement in LLVM's form."""
        own = self._own.get(id(inst))
        if own is None:
            super().lower_inst(inst)
        else:
            own(inst)


class _Uses:
    """Where variables are given values and read."""

    def __init__(self, blocks: Any) -> None:
        self.definitions: dict[str, list[Any]] = defaultdict(list)
        self.block_of: dict[int, int] = {}
        self._readers: dict[str, list[Any]] = defaultdict(list)
        for label, block in blocks.items():
            for inst in block.body:
                self.block_of[id(inst)] = label
                if isinstance(inst, ir.Del):
                    continue
                read = Counter(one.name for one in inst.list_vars())
                if isinstance(inst, ir.Assign):
                    self.definitions[inst.target.name].append(inst)
                    read[inst.target.name] -= 1
                for name, times in read.items():
                    if times > 0:
                        self._readers[name].append(inst)

    def of(self, name: str) -> list[Any]:
        """Statements that read a variable."""
        return self._readers[name]


def _is_assignment(inst: Any) -> bool:
    return isinstance(inst, ir.Assign)


def _is_expression(value: Any, operation: str) -> bool:
    return isinstance(value, ir.Expr) and value.op == operation


def _is_whole_or_slice(kind: Any) -> bool:
    return isinstance(kind, types.Integer) or (isinstance(kind, types.SliceType) and not kind.has_step)


def _is_plain_array(kind: Any) -> bool:
    return type(kind) is types.Array and kind.ndim > 0 and isinstance(kind.dtype, types.Number | types.Boolean)


@register_pass(mutates_CFG=True, analysis_only=False)
class LeanLowering(NativeLowering):
    """numba's pass with the step above in place of its own."""

    @property
    def lowering_class(self) -> Any:
        """What writes LLVM's form."""
        return LeanLower
