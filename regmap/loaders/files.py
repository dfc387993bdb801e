"""The files of one run: their bytes within bounds, their texts for messages, their digest."""

from __future__ import annotations

import hashlib
import stat
from importlib.resources.abc import Traversable
from pathlib import Path

from regmap.errors import Place
from regmap.loaders.report import MISSING_FILE, SYNTAX, Log

__all__ = ["Files"]


class Files:
    """What one run has read: the texts by file name, and a digest over all bytes in order."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.texts: dict[str, str] = {}
        self._parts: list[bytes] = []
        self._known = ""

    def sha256(self) -> str:
        """The digest; of one file alone, the file's own. Made when it is asked for."""
        if self._known:
            return self._known
        digest = hashlib.sha256()
        for part in self._parts:
            digest.update(part)
        return digest.hexdigest()

    def known(self, sha256: str) -> None:
        """Take the digest of a file that need not be read."""
        self._known = sha256

    def digest(self, data: bytes) -> None:
        """Take the bytes of a file into the digest."""
        self._parts.append(data)

    def read(self, source: Traversable, most: int, at: Place | None) -> bytes | None:
        """The bytes of a file; None, with an error at ``at``, where it cannot be read, is no
        regular file or has more than ``most`` bytes."""
        try:
            # Opening a pipe waits, and opening a device may do something: look before.
            if isinstance(source, Path) and (why := _why_not(source)):
                self.log.error(MISSING_FILE, at, f"{source} cannot be read: it is {why}")
                return None
            size = source.stat().st_size if isinstance(source, Path) else most
            data = None
            if size <= most:
                with source.open("rb") as stream:
                    # Python makes room for what it is asked to read; more comes only where the
                    # file has grown meanwhile.
                    data = stream.read(size + 1)
                    if size < len(data):
                        data += stream.read(most - size)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.log.error(MISSING_FILE, at, f"{source} cannot be read: {reason}")
            return None
        if data is None or len(data) > most:
            text = f"{source} is larger than {most >> 20} MiB"
            self.log.error(
                SYNTAX, at or Place(str(source), 1, 1), text, "leave out what is not needed"
            )
            return None
        return data


_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def _why_not(path: Path) -> str:
    """What a path is that is no regular file, or ""."""
    mode = path.stat().st_mode
    return next((what for is_kind, what in _KINDS if is_kind(mode)), "")
