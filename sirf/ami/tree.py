"""The text of a parameter tree, as `.ami` files and the strings of the C interface have it: branches in round brackets.

`(root (name value) (branch (name value) …))`; strings in double quotes may hold brackets and `|`; elsewhere `|` begins a comment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sirf.errors import AmiError

# a string, the beginning of a comment, a bracket, a word, and last a quote without a partner in its line
TOKEN = re.compile(r'"[^"\n]*"|\||[()]|[^\s()|"]+|"')
# PEM blocks, the pragmas of IEEE 1735, HSPICE's protected text, and files that say it in a word
ENCRYPTED = ("-----begin", "`pragma protect", ".prot", "encrypted")


@dataclass(frozen=True, slots=True)
class Atom:
    """A word or a quoted string and its line; `quoted` strings keep their blanks and lose their quotes."""

    text: str
    line: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """`(name item item …)`: the atoms and branches behind the name, and the line of the opening bracket."""

    name: str
    items: tuple[Atom | Branch, ...]
    line: int

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """Plain values."""
        return tuple(item for item in self.items if isinstance(item, Atom))

    @property
    def branches(self) -> tuple[Branch, ...]:
        """Branches one level down."""
        return tuple(item for item in self.items if isinstance(item, Branch))

    def find(self, name: str) -> Branch | None:
        """The branch called `name` one level down, whatever its capitals; the first of several."""
        wanted = name.lower()
        return next((one for one in self.branches if one.name.lower() == wanted), None)


def parse_tree(text: str, *, source: str) -> Branch:
    """The one tree that `text` holds; `source` names it in errors.

    Raises `AmiError` with the line for brackets that do not balance, a string without its end, text outside the tree, or a
    file that is encrypted or no text.
    """
    _check_text(text, source)
    stack: list[tuple[str | None, list[Atom | Branch], int]] = []
    # several trees would leave it open which is the model's
    done: Branch | None = None
    for atom in _atoms(text, source):
        if done is not None:
            raise AmiError(
                f"{source} must hold one tree, got {atom.text!r} behind its end in line {atom.line}. "
                "Remove it, or a closing bracket too many before it."
            )
        if atom.text == "(" and not atom.quoted:
            stack.append((None, [], atom.line))
        elif not stack:
            raise AmiError(
                f"{source} must begin with an opening bracket, got {atom.text!r} in line {atom.line}. Is it a .ami file?"
            )
        elif atom.text == ")" and not atom.quoted:
            name, items, line = stack.pop()
            branch = Branch(name or "", tuple(items), line)
            if stack:
                stack[-1][1].append(branch)
            else:
                done = branch
        elif stack[-1][0] is None and not stack[-1][1] and not atom.quoted:
            # the first word behind a bracket is its name
            stack[-1] = (atom.text, stack[-1][1], stack[-1][2])
        else:
            stack[-1][1].append(atom)
    if stack:
        name, _, line = stack[-1]
        raise AmiError(
            f"{source} must close every bracket, got none for '({name or ''}' in line {line}. Add the missing bracket."
        )
    if done is None:
        raise AmiError(f"{source} must hold a parameter tree, got no text. Is it the right file?")
    return done


def _atoms(text: str, source: str) -> list[Atom]:
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        for match in TOKEN.finditer(line):
            word = match.group()
            # a comment to the end of the line
            if word == "|":
                break
            if word == '"':
                raise AmiError(f"{source} must end every string in its line, got none in line {number}. Add the quote.")
            quoted = word[0] == '"'
            found.append(Atom(word[1:-1] if quoted else word, number, quoted))
    return found


def _check_text(text: str, source: str) -> None:
    head = text[:4096].lower()
    if "\0" in head:
        raise AmiError(f"{source} must be text, got bytes of another kind. Is it the shared object?")
    for mark in ENCRYPTED:
        if head.lstrip().startswith(mark) or f"\n{mark}" in head:
            raise AmiError(
                f"{source} must be plain text, got encrypted text ({mark!r}). Ask the vendor for the open file."
            )
