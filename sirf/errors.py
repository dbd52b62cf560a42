"""The error tree. Every message reads `<name> must be <condition>, got <value>. <how to fix>.`"""


class SirfError(ValueError):
    """Bad input to sirf: one sentence that says what, where and how to fix.

    >>> sirf.load("absent.sirf")
    Traceback (most recent call last):
    sirf.errors.SirfError: absent.sirf must be a readable file, got No such file or directory. Check the path.
    """


class TouchstoneError(SirfError):
    """A Touchstone file that cannot be read; the message names the file and the line.

    >>> issubclass(sirf.TouchstoneError, sirf.SirfError)
    True
    """


class AmiError(SirfError):
    """A vendor's model: a file that cannot be read (file, line, parameter) or a shared object that failed (call, message)."""


class ConfigError(SirfError):
    """A preset, study or architecture file with a bad key; the message names the file and the key.

    >>> sirf.presets.load("C2M")
    Traceback (most recent call last):
    sirf.errors.ConfigError: standard must be one of ..., got 'C2M'. Did you mean '802.3ck-c2m' or '802.3dj-c2m'?
    """


class PhysicsError(SirfError):
    """A physical quantity outside the range in which a model holds.

    >>> sirf.materials.load("megtron7").at(temperature_c="900 C")
    Traceback (most recent call last):
    sirf.errors.PhysicsError: temperature_c must be between -40 and 125, got 900.0. Give degrees Celsius.
    """


class LimitError(SirfError):
    """A limit that the user gave is missed: the input was good, the answer is not.

    >>> issubclass(sirf.LimitError, sirf.SirfError)
    True
    """


class NoSettingError(SirfError):
    """No setting of the reference equaliser passes: the channel is worse than its standard can equalise."""


def shortened(value: object, length: int = 160) -> str:
    """The text of a value for a message: no line breaks, no control characters, at most `length` characters.

    >>> shortened("a\\x1b[31m", 20)
    'a\\\\x1b[31m'
    """
    # white space first, so that a line break becomes a space rather than an escape
    text = printable(" ".join(str(value).split()))
    return text if len(text) <= length else f"{text[: length - 1]}…"


def shown(value: object, length: int = 80) -> str:
    """The repr of a value for a message, at most `length` characters."""
    return shortened(repr(value), length)


def printable(text: str) -> str:
    """Text that no terminal takes as a command: control characters other than line break and tab as escapes."""
    return "".join(one if one in "\n\t" or one.isprintable() else one.encode("unicode_escape").decode() for one in text)
