"""Values as COM workbooks write them: MATLAB's matrices, ranges and arithmetic."""

from __future__ import annotations

import re

import numpy as np

from sirf._arrays import Float

# number, name or one sign; Fortran's d exponents occur, since MATLAB reads and writes them
_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eEdD][+-]?\d+)?|\.\d+(?:[eEdD][+-]?\d+)?)|([A-Za-z]\w*)|(.))", re.S)
_FUNCTIONS = {"ones": np.ones, "zeros": np.zeros}
_CONSTANTS = {"inf": np.inf, "pi": np.pi, "true": 1.0, "false": 0.0, "eps": float(np.finfo(float).eps)}
_DEEPEST = 50  # levels of brackets: a hostile cell must not reach the interpreter's own limit
_LONGEST = 100_000  # elements of a range or a matrix


def matlab_value(text: str) -> Float:
    """The matrix (R, C) that MATLAB makes of `text`; a scalar is (1, 1), `[]` is (0, 0).

    Numbers, `[a b; c d]`, ranges `low:step:high`, `ones(m,n)`, `zeros(m,n)`, + - * / and parentheses. As in MATLAB, inside
    brackets `1 -2` are two elements and `1 - 2` is one. Raises `ValueError` for anything else.

    >>> matlab_value("[0.3 0.2*ones(1,2)]").tolist()
    [[0.3, 0.2, 0.2]]
    >>> matlab_value("[-0.04:0.02:0]").tolist()
    [[-0.04, -0.02, 0.0]]
    """
    parser = _Parser(text)
    with np.errstate(all="ignore"):
        # 1/0 is Inf and 0/0 NaN, as in MATLAB
        value = parser.range(inside=False)
    # text left over means that a prefix alone was understood, which would be a silent half of the cell
    if parser.peek()[1]:
        raise ValueError(f"unexpected {parser.peek()[1]!r}")
    return value


def span(low: float, step: float, high: float) -> Float:
    """Row of low, low + step … not beyond high, as MATLAB's colon makes it."""
    if step == 0 or not np.all(np.isfinite([low, step, high])):
        return np.zeros((1, 0))
    # as in MATLAB the end of a range belongs to it when rounding has put it a hair away
    count = int(np.floor((high - low) / step * (1 + 1e-15) + 1e-10)) + 1
    if count > _LONGEST:
        raise ValueError(f"range has {count} values")
    # multiples, not running sums, so that rounding does not add up
    values = low + step * np.arange(max(count, 0))
    limit = np.minimum if step > 0 else np.maximum
    return np.asarray(limit(values, high)).reshape(1, -1)


class _Parser:
    """Recursive descent over tokens (start, text, end, is number)."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[int, str, int, bool]] = []
        self.at = 0
        self.depth = 0
        for match in _TOKEN.finditer(text.strip()):
            group = match.lastindex or 0
            self.tokens.append((match.start(group), match.group(group), match.end(group), group == 1))

    def peek(self) -> tuple[int, str, int, bool]:
        # an empty token at the end spares every caller a test of the length
        return self.tokens[self.at] if self.at < len(self.tokens) else (-1, "", -1, False)

    def take(self, wanted: str = "") -> tuple[int, str, int, bool]:
        token = self.peek()
        if not token[1] or (wanted and token[1] != wanted):
            raise ValueError(f"expected {wanted or 'a value'}, got {token[1] or 'the end'}")
        self.at += 1
        return token

    def range(self, *, inside: bool) -> Float:
        parts = [self.sum(inside=inside)]
        while self.peek()[1] == ":":
            self.take()
            parts.append(self.sum(inside=inside))
        if len(parts) == 1:
            return parts[0]
        if len(parts) > 3 or any(part.size != 1 for part in parts):
            raise ValueError("a range is low:high or low:step:high")
        numbers = [float(part[0, 0]) for part in parts]
        return span(numbers[0], 1.0 if len(parts) == 2 else numbers[1], numbers[-1])

    def sum(self, *, inside: bool) -> Float:
        value = self.product(inside=inside)
        # inside brackets a sign with a blank before it alone begins the next element
        while self.peek()[1] in ("+", "-") and not (inside and self.starts_element()):
            sign = self.take()[1]
            other = self.product(inside=inside)
            value = value + other if sign == "+" else value - other
        return value

    def starts_element(self) -> bool:
        """Whether the sign at hand begins the next element: space before it, none after."""
        start, _, end, _ = self.peek()
        before = self.tokens[self.at - 1][2]
        after = self.tokens[self.at + 1][0] if self.at + 1 < len(self.tokens) else end
        return start > before and after == end

    def product(self, *, inside: bool) -> Float:
        value = self.unary(inside=inside)
        while self.peek()[1] in ("*", "/", "."):
            # MATLAB's .* and ./ are * and / for scalars
            if self.peek()[1] == ".":
                self.take()
            operator = self.take()[1]
            if operator not in ("*", "/"):
                raise ValueError(f"unexpected .{operator}")
            other = self.unary(inside=inside)
            value = value * other if operator == "*" else value / other
        return value

    def unary(self, *, inside: bool) -> Float:
        self.depth += 1
        if self.depth > _DEEPEST:
            # counted here, where all recursion passes: brackets and signs nest through `unary` alone
            raise ValueError("nested too deeply")
        if self.peek()[1] in ("+", "-"):
            sign = self.take()[1]
            value = self.unary(inside=inside)
            value = -value if sign == "-" else value
        else:
            value = self.atom()
        self.depth -= 1
        return value

    def atom(self) -> Float:
        _, text, _, number = self.take()
        if number:
            # MATLAB also takes Fortran's exponent, 1d-3
            return np.array([[float(text.lower().replace("d", "e"))]])
        if text == "(":
            value = self.range(inside=False)
            self.take(")")
            return value
        if text == "[":
            return self.matrix()
        if text.lower() in _CONSTANTS:
            return np.array([[_CONSTANTS[text.lower()]]])
        if text in _FUNCTIONS:
            self.take("(")
            rows = self.range(inside=False)
            self.take(",")
            # dimensions must be numbers, not matrices, as in MATLAB; both may be computed
            columns = self.range(inside=False)
            self.take(")")
            if rows.size != 1 or columns.size != 1:
                raise ValueError(f"{text} needs two numbers")
            sizes = (float(rows[0, 0]), float(columns[0, 0]))
            # written so that a NaN fails too
            if not (min(sizes) >= 0 and max(sizes) <= _LONGEST and sizes[0] * sizes[1] <= _LONGEST):
                raise ValueError(f"{text} of {sizes[0]:g} x {sizes[1]:g}")
            return np.asarray(_FUNCTIONS[text]((int(sizes[0]), int(sizes[1]))))
        raise ValueError(f"unexpected {text!r}")

    def matrix(self) -> Float:
        rows: list[Float] = []
        row: list[Float] = []
        while True:
            token = self.peek()[1]
            if token in (";", "]"):
                self.take()
                if row:
                    rows.append(np.hstack(row))
                    row = []
                if token == "]":
                    break
            elif token == ",":
                self.take()
            else:
                row.append(self.range(inside=True))
        # empty rows do not count, but a matrix of empty rows is empty
        rows = [part for part in rows if part.size] or rows[:1]
        return np.vstack(rows) if rows else np.zeros((0, 0))
