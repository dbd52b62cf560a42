"""The error tree. Every message reads `<name> must be <condition>, got <value>. <how to fix>.`"""


class SirfError(ValueError):
    """Bad input to sirf: one sentence that says what, where and how to fix."""


class TouchstoneError(SirfError):
    """A Touchstone file that cannot be read; the message names the file and the line."""


class ConfigError(SirfError):
    """A preset, study or architecture file with a bad key; the message names the file and the key."""


class PhysicsError(SirfError):
    """A physical quantity outside the range in which a model holds."""


class LimitError(SirfError):
    """A limit that the user gave is missed: the input was good, the answer is not."""


class NoSettingError(SirfError):
    """No setting of the reference equaliser passes: the channel is worse than its standard can equalise."""
