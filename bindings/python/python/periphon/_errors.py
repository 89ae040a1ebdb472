"""What may go wrong, as exceptions. All are `Error`; those that Python has a name for are that too."""

from __future__ import annotations

from collections.abc import Sequence


class Error(Exception):
    """Something that periphon was asked for went wrong.

    The text says what was expected, what came and where; `hints` say what to do, and `path` names the file, if there
    is one.
    """

    def __init__(self, message: str = "", hints: Sequence[str] = (), path: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hints = tuple(hints)
        self.path = path

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"hint: {hint}" for hint in self.hints)])


class ArgumentError(Error, ValueError):
    """An argument is out of its range, has another shape, or two contradict each other."""


class DataError(Error, ValueError):
    """Data breaks its own format, or asks for something that cannot be done."""


class LimitError(Error):
    """More memory, sources or time would be needed than there is."""


class FileError(Error, OSError):
    """The system refused: a missing file, no permission, a full disk. `errno` is the system's number for it."""

    def __init__(
        self, message: str = "", hints: Sequence[str] = (), path: str | None = None, errno: int | None = None
    ) -> None:
        super().__init__(message, hints, path)
        self.errno = errno
