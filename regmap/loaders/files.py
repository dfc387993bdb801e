"""The files of one run: their bytes within bounds, their texts for messages, their digest."""

from __future__ import annotations

import hashlib
from importlib.resources.abc import Traversable

from regmap.errors import Place
from regmap.loaders.report import MISSING_FILE, Log

__all__ = ["Files"]


class Files:
    """What one run has read: the texts by file name, and a digest over all bytes in order."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.texts: dict[str, str] = {}
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """The digest; of one file alone, the file's own."""
        return self._digest.hexdigest()

    def digest(self, data: bytes) -> None:
        """Take the bytes of a file into the digest."""
        self._digest.update(data)

    def read(self, source: Traversable, most: int, at: Place | None) -> bytes | None:
        """The bytes of a file, at most one more than ``most``; None, with an error at ``at``,
        where it cannot be read."""
        try:
            with source.open("rb") as stream:
                return stream.read(most + 1)
        except OSError as error:
            reason = error.strerror or str(error)
            self.log.error(MISSING_FILE, at, f"{source} cannot be read: {reason}")
            return None
