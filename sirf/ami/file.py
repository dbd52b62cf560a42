"""A `.ami` file as a value: its reserved and model-specific parameters, and the string that the model is given."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sirf.ami.parameter import LEAVES, Parameter, Value, parse_parameter
from sirf.ami.reserved import REQUIRED, RESERVED
from sirf.ami.tree import Branch, parse_tree
from sirf.errors import AmiError

SECTIONS = ("reserved_parameters", "model_specific")


@dataclass(frozen=True, slots=True, eq=False)
class AmiFile:
    """The parameters of a model by path: `reserved` and `specific`; `root` is the tree's name, `notes` what to know of it.

    >>> text = '(m (Reserved_Parameters (Init_Returns_Impulse (Usage Info) (Type Boolean) (Value True))'
    >>> text += ' (GetWave_Exists (Usage Info) (Type Boolean) (Value False))) (Model_Specific (gain (Usage In)'
    >>> text += ' (Type Float) (Range 1 0 2))))'
    >>> model = parse_ami(text)
    >>> model.getwave_exists, model.input_string(model.inputs({"gain": 1.5}))
    (False, '(m (gain 1.5))')
    """

    source: str
    root: str
    reserved: Mapping[str, Parameter]
    specific: Mapping[str, Parameter]
    text: str
    notes: tuple[str, ...] = ()

    @property
    def parameters(self) -> dict[str, Parameter]:
        """All of them, the reserved ones first."""
        return {**self.reserved, **self.specific}

    def info(self, name: str, default: Value | None = None, *, corner: str = "typ") -> Value | None:
        """Value of a reserved parameter in the file, whatever its capitals; `default` where the file has none."""
        parameter = self.reserved.get(name.lower())
        value = None if parameter is None else parameter.standard_value(corner)
        return default if value is None else value

    @property
    def init_returns_impulse(self) -> bool:
        """Whether AMI_Init hands back the impulse response with the model's filter in it."""
        return bool(self.info("Init_Returns_Impulse", False))

    @property
    def getwave_exists(self) -> bool:
        """Whether the model has AMI_GetWave."""
        return bool(self.info("GetWave_Exists", False))

    @property
    # the parameter is gone from 5.1 on: GetWave then stands alone
    def use_init_output(self) -> bool:
        """Whether GetWave works behind Init's filter (IBIS 5.0 alone; from 5.1 on the parameter is gone)."""
        return self.version < 5.1 and bool(self.info("Use_Init_Output", True))

    @property
    def version(self) -> float:
        """AMI_Version as a number; 5.0 where the file states none."""
        text = str(self.info("AMI_Version", "5.0"))
        try:
            # 7.2.1 counts as 7.2
            return float(".".join(text.split(".")[:2]))
        except ValueError:
            raise AmiError(f"{self.source}: AMI_Version must be like 7.0, got {text!r}. Correct the file.") from None

    def find(self, path: str) -> Parameter:
        """The parameter at `path`, or with this name where only one has it; `AmiError` with a suggestion."""
        everything = self.parameters
        lowered = path.lower()
        if lowered in everything:
            # a name alone is enough where only one parameter has it
            return everything[lowered]
        named = [one for one in everything.values() if one.name.lower() == lowered]
        if len(named) == 1:
            return named[0]
        if named:
            raise AmiError(
                f"parameter must be one of {', '.join(one.path for one in named)}, got {path!r}. Give the whole path."
            )
        inputs = [one.path for one in everything.values() if one.is_input]
        # inputs only: others cannot be set
        close = difflib.get_close_matches(lowered, [one.lower() for one in inputs], n=1, cutoff=0.5)
        hint = f"Did you mean {everything[close[0]].path!r}?" if close else f"It has {', '.join(inputs) or 'none'}."
        raise AmiError(f"parameter must be one of {self.source}, got {path!r}. {hint}")

    def settings(self, given: Mapping[str, Any]) -> dict[str, Value]:
        """`given` values by path, converted and checked; `AmiError` for one that is unknown, no input or out of its range."""
        result: dict[str, Value] = {}
        for name, value in given.items():
            parameter = self.find(name)
            if not parameter.is_input:
                raise AmiError(
                    f"{self.source} line {parameter.line}: {parameter.path} must be of usage In or InOut to be set, got "
                    f"{parameter.usage.title()}. Leave it out."
                )
            result[parameter.path.lower()] = parameter.convert(value, self.source)
        return result

    def inputs(self, settings: Mapping[str, Value], *, corner: str = "typ") -> dict[str, Any]:
        """Value of every In and InOut parameter by path: `settings` where given, the file's own elsewhere; rows of a table."""
        return {
            path: parameter.rows
            if parameter.format == "table"
            else settings.get(path, parameter.standard_value(corner))
            for path, parameter in self.parameters.items()
            if parameter.is_input
        }

    def input_string(self, values: Mapping[str, Any]) -> str:
        """AMI_parameters_in for `values` by path: root name, branches, leaf and value; no section names (section 10.3)."""
        tree: dict[str, Any] = {}
        everything = self.parameters
        for path, value in values.items():
            # a parameter without any value is left to the model's own default
            if value is None:
                continue
            *branches, leaf = everything[path].path.split(".")
            place = tree
            for name in branches:
                place = place.setdefault(name, {})
            place[leaf] = (everything[path], value)
        return f"({self.root} {_written(tree)})" if tree else f"({self.root})"

    def outputs(self, text: str | None, source: str) -> dict[str, Any]:
        """Values by path in what a model returned; ones that the file does not declare are kept under their own path."""
        if not text or not text.strip():
            return {}
        try:
            tree = parse_tree(text, source=source)
        except AmiError as error:
            raise AmiError(f"{source} must be a parameter tree, got {text[:80]!r} ({error})") from None
        found: dict[str, Any] = {}
        everything = self.parameters
        for path, branch in _leaves(tree.branches, ""):
            parameter = everything.get(path)
            if branch.branches:
                # rows of a table come back as branches
                found[path] = tuple((one.name, *(atom.text for atom in one.atoms)) for one in branch.branches)
                continue
            words = [atom.text for atom in branch.atoms]
            found[path] = _output(words, parameter)
        return found


def read_ami(file: str | Path) -> AmiFile:
    """Read a `.ami` file; `AmiError` names file, line and parameter."""
    path = Path(file)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AmiError(f"{path} must be a .ami file, got {error.strerror}. Check the name.") from None
    # comments in any encoding must not stop the reader
    return parse_ami(data.decode("utf-8", errors="replace"), source=path.name)


def parse_ami(text: str, *, source: str = "text") -> AmiFile:
    """The parameters in the text of a `.ami` file; `AmiError` with line and parameter for what does not hold."""
    tree = parse_tree(text, source=source)
    sections: dict[str, dict[str, Parameter]] = {name: {} for name in SECTIONS}
    notes: list[str] = []
    for branch in tree.branches:
        name = branch.name.lower()
        if name == "description":
            # sections may stand in any order
            continue
        if name not in SECTIONS:
            raise AmiError(
                f"{source} line {branch.line}: a section must be Reserved_Parameters or Model_Specific, got {branch.name!r}."
            )
        _collect(branch.branches, "", name == SECTIONS[0], sections[name], source, notes)
    reserved, specific = (sections[name] for name in SECTIONS)
    # one name in both sections would be set twice
    both = sorted(set(reserved) & set(specific))
    if both:
        raise AmiError(f"{source}: a parameter must stand in one section, got {both[0]!r} in both. Rename one.")
    missing = [name for name in REQUIRED if name.lower() not in reserved]
    if missing:
        raise AmiError(f"{source} must have the reserved parameter {missing[0]}, got none. Add it.")
    notes += [
        f"line {one.line}: {one.path}: {note}" for one in (*reserved.values(), *specific.values()) for note in one.notes
    ]
    return AmiFile(source, tree.name, reserved, specific, text, tuple(notes))


def _collect(
    branches: Iterable[Branch],
    prefix: str,
    reserved: bool,
    found: dict[str, Parameter],
    source: str,
    notes: list[str],
) -> None:
    for branch in branches:
        if branch.name.lower() == "description":
            continue
        path = f"{prefix}{branch.name}"
        # without a usage it is a branch of parameters, or a parameter that lacks it
        if branch.find("usage") is None:
            if not branch.branches or any(
                one.name.lower() in LEAVES and one.find("usage") is None
                for one in branch.branches
                if one.name.lower() != "description"
            ):
                raise AmiError(f"{source} line {branch.line}: {path} must have a Usage, got none. Correct the file.")
            _collect(branch.branches, f"{path}.", reserved, found, source, notes)
            continue
        key = path.lower()
        if key in found:
            raise AmiError(
                f"{source} line {branch.line}: {path} must be declared once, got it in line {found[key].line} before. "
                "Remove one."
            )
        if reserved and branch.name.lower() not in RESERVED:
            notes.append(f"line {branch.line}: {path} is no reserved parameter of IBIS 7.2; it is passed on as it is")
        found[key] = parse_parameter(branch, path, source, reserved=reserved)


def _written(tree: Mapping[str, Any]) -> str:
    parts = []
    for name, value in tree.items():
        if isinstance(value, dict):
            parts.append(f"({name} {_written(value)})")
            continue
        parameter, content = value
        if parameter.format == "table":
            rows = " ".join(
                "(" + " ".join(_word(cell, kind) for cell, kind in zip(row, _kinds(parameter, row), strict=True)) + ")"
                for row in content
            )
            parts.append(f"({name} {rows})")
        else:
            parts.append(f"({name} {_word(content, parameter.type)})")
    return " ".join(parts)


def _kinds(parameter: Parameter, row: tuple[Value, ...]) -> tuple[str, ...]:
    return parameter.types if len(parameter.types) == len(row) else (parameter.type,) * len(row)


# quotes around strings, True and False with capitals, all digits of a float
def _word(value: Value, kind: str) -> str:
    if kind == "string":
        return f'"{value}"'
    if isinstance(value, bool):
        return "True" if value else "False"
    return repr(value) if isinstance(value, float) else str(value)


def _leaves(branches: Iterable[Branch], prefix: str) -> Iterable[tuple[str, Branch]]:
    """Paths in small letters and branches without branches of their own; rows of numbers stay with their table."""
    for branch in branches:
        path = f"{prefix}{branch.name}".lower()
        # rows of a table begin with a number
        if branch.branches and not all(_is_number(one.name) for one in branch.branches):
            yield from _leaves(branch.branches, f"{path}.")
        else:
            yield path, branch


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _output(words: list[str], parameter: Parameter | None) -> Any:
    kind = "string" if parameter is None else parameter.type
    values: list[Any] = []
    for word in words:
        if kind == "boolean":
            values.append(word.lower() in ("true", "1"))
        elif kind == "string":
            values.append(word)
        elif _is_number(word):
            # integers may come back with a decimal point
            values.append(int(float(word)) if kind == "integer" else float(word))
        else:
            values.append(word)
    return values[0] if len(values) == 1 else tuple(values)
