"""Errors say whether trying again can help, so that the outbox and the pages can act on it."""

from __future__ import annotations


class PonteError(Exception):
    """An error of the platform with a machine code and a text that people may read.

    ``message`` is shown to operators and, where a page chooses to, to users; it never holds
    secrets or resident ID numbers. ``data`` carries JSON-able facts about the case.
    """

    code = "error"

    def __init__(self, message: str = "", *, code: str | None = None, **data: object) -> None:
        super().__init__(message or self.__class__.__name__)
        self.message = message
        self.code = code or self.__class__.code
        self.data = data


class TransientError(PonteError):
    """It may work later: a time-out, a 5xx, a lock."""

    code = "transient"


class PutOff(TransientError):
    """Not now, and not because anything failed: the way out is closed or full. Costs the work no try.

    ``seconds`` is the least wait until asking again is worth it.
    """

    code = "put_off"

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class PermanentError(PonteError):
    """Trying again cannot help: somebody has to change something."""

    code = "permanent"


class ConfigurationError(PermanentError):
    """The deployment is set up wrongly; the message says how to mend it."""

    code = "configuration"
