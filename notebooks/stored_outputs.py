"""Stored outputs of the notebooks: held against those of a fresh run, and kept small.

`python notebooks/stored_outputs.py compare KEPT MADE` compares two folders of the same notebooks; what differs is listed, and the exit code
is 1. Words must be equal; numbers agree within 2 % or one unit of their last place; pictures and widgets are left out, for they
differ with fonts and identifiers. `python notebooks/stored_outputs.py shrink FILE...` stores pictures with a palette of 256 colours.
"""

from __future__ import annotations

import argparse
import base64
import html
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RELATIVE = 0.02
"""Share by which two numbers may differ: deep error ratios move in their second digit between processors."""
COLOURS = 256
"""Colours of a stored picture: eyes are one colour map over white."""
NUMBER = re.compile(r"(?<![\w.])[-+−]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?")
# identifiers that change from run to run: addresses of objects, and marks of styled tables
IDENTIFIERS = re.compile(r" at 0x[0-9a-f]+|<style.*?</style>|<[^>]*>", re.DOTALL)


def compare(kept: Path, made: Path) -> list[str]:
    """One sentence for each output of `made` that is not as stored in `kept`; folders of the same notebooks.

    Raises `FileNotFoundError` where a notebook was not made.
    """
    return [
        f"{file.name}, {sentence}"
        for file in sorted(kept.glob("*.ipynb"))
        for sentence in _differences(_read(file), _read(made / file.name))
    ]


def _differences(kept: dict[str, Any], made: dict[str, Any]) -> Iterator[str]:
    for place, (one, other) in enumerate(zip(kept["cells"], made["cells"], strict=True)):
        stored, fresh = texts(one), texts(other)
        if len(stored) != len(fresh):
            yield f"cell {place}: {len(stored)} texts are stored, the run gave {len(fresh)}"
            continue
        for before, now in zip(stored, fresh, strict=True):
            said = difference(before, now)
            if said is not None:
                yield f"cell {place}: {said}"


def texts(cell: dict[str, Any]) -> list[str]:
    """What a cell says in words and numbers: its standard output, and one text for each value that it shows."""
    printed, shown = "", []
    for output in cell.get("outputs", ()):
        if output["output_type"] == "stream":
            # a stream may come in one piece or in several
            printed += _joined(output["text"]) if output["name"] == "stdout" else ""
            continue
        data = output.get("data", {})
        if "application/vnd.jupyter.widget-view+json" in data or "image/png" in data:
            continue
        shown += [_joined(data[kind]) for kind in ("text/html", "text/plain") if kind in data][:1]
    return [html.unescape(" ".join(IDENTIFIERS.sub(" ", one).split())) for one in (printed, *shown) if one.strip()]


def difference(kept: str, made: str) -> str | None:
    """How two texts differ, in words or in the first number; None where they agree.

    >>> difference("BER 1.00e-12", "BER 1.01e-12"), difference("7 rows", "7 lines")
    (None, "'# rows' is stored, the run gave '# lines'")
    """
    words, new_words = NUMBER.sub("#", kept), NUMBER.sub("#", made)
    if words != new_words:
        return f"{_around(words, new_words)!r} is stored, the run gave {_around(new_words, words)!r}"
    for one, other in zip(NUMBER.findall(kept), NUMBER.findall(made), strict=True):
        if abs(_value(one) - _value(other)) > max(RELATIVE * abs(_value(one)), 1.01 * _last_place(one)):
            return f"{one} is stored, the run gave {other}"
    return None


def _around(text: str, other: str, width: int = 60) -> str:
    """The text from a little before the place at which it leaves the other."""
    pairs = zip(text, other, strict=False)
    place = next((k for k, (a, b) in enumerate(pairs) if a != b), min(len(text), len(other)))
    start = max(0, place - width // 2)
    return text[start : start + width]


def _value(number: str) -> float:
    return float(number.replace(",", "").replace("−", "-"))


def _last_place(number: str) -> float:
    """One unit of the last digit that a number is written with."""
    mantissa, _, exponent = number.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 10.0 ** (int(exponent or 0) - decimals)


def shrink(file: Path) -> None:
    """Store a notebook's pictures with a palette and leave out the times of its run; nothing else of it changes."""
    notebook = _read(file)
    for cell in notebook["cells"]:
        cell["metadata"].pop("execution", None)
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = _smaller(_joined(data["image/png"]))
    file.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _smaller(encoded: str) -> str:
    """A picture as base64 text, with a palette if that makes it smaller."""
    from PIL import Image

    raw, buffer = base64.b64decode(encoded), io.BytesIO()
    picture = Image.open(io.BytesIO(raw))
    if picture.mode == "P":
        return encoded
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(buffer, "png", optimize=True)
    return base64.b64encode(min(raw, buffer.getvalue(), key=len)).decode() + "\n"


def _read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def main() -> int:
    """Compare or shrink; 1 where an output is not as stored."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    comparing = verbs.add_parser("compare", help="hold stored outputs against those of a run")
    comparing.add_argument("kept", type=Path, help="folder of the stored notebooks")
    comparing.add_argument("made", type=Path, help="folder of the same notebooks after a run")
    verbs.add_parser("shrink", help="store pictures small").add_argument("files", type=Path, nargs="+")
    given = parser.parse_args()
    if given.verb == "shrink":
        for file in given.files:
            shrink(file)
        return 0
    found = compare(given.kept, given.made)
    print("\n".join(found) or f"outputs of {len(list(given.kept.glob('*.ipynb')))} notebooks are as stored")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
