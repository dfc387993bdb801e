"""The cache's file: payloads by key and number, and which path had which content.

An SQLite file, opened for each use and closed again, so that threads, forks and other processes
need no care; the locks are SQLite's. It is a cache: whatever goes wrong (locked for long, a full
disk, a broken or foreign file) is told to the log ``regmap`` at debug level and means that nothing
is found or kept. A broken file is deleted. Each payload carries a digest over its key, its number
and itself, so that a damaged or moved one is not taken for the real one.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

__all__ = ["Store"]

T = TypeVar("T")

_LOG = logging.getLogger("regmap")
# Waiting longer than this for another process costs more than the cache gains.
_PATIENCE_S = 0.2
_MOST_BYTES = 256 << 20
_MOST_PAYLOAD = 64 << 20
_MOST_PATHS = 10_000
# How old the note of the last use may be: noting each use would make each reading a writing.
_USED_S = 24 * 3600
_PART = "key TEXT, number INTEGER, digest BLOB, payload BLOB, PRIMARY KEY (key, number)"
_SCHEMA = (
    "CREATE TABLE document (key TEXT PRIMARY KEY, used INTEGER) WITHOUT ROWID",
    f"CREATE TABLE part ({_PART}) WITHOUT ROWID",
    "CREATE TABLE path (name BLOB PRIMARY KEY, stamp TEXT, sha256 TEXT) WITHOUT ROWID",
)


class _ForeignError(sqlite3.DatabaseError):
    """The file is no cache of ours."""


class Store:
    """The cache in one file, which exists and is private. Safe between threads."""

    def __init__(self, file: Path, most_bytes: int = _MOST_BYTES) -> None:
        self.file = file
        self._most_bytes = most_bytes

    def content_of(self, path: str, stamp: str) -> str | None:
        """The SHA-256 that the file at ``path`` had when its ``stamp`` was this one."""

        def look(db: sqlite3.Connection) -> str | None:
            select = "SELECT sha256 FROM path WHERE name = ? AND stamp = ?"
            row = db.execute(select, (os.fsencode(path), stamp)).fetchone()
            return row[0] if row and isinstance(row[0], str) else None

        return self._do(look)

    def note_content(self, path: str, stamp: str, sha256: str) -> None:
        """Remember the SHA-256 of a file."""

        def note(db: sqlite3.Connection) -> None:
            if db.execute("SELECT count(*) FROM path").fetchone()[0] >= _MOST_PATHS:
                db.execute("DELETE FROM path")
            row = os.fsencode(path), stamp, sha256
            db.execute("INSERT OR REPLACE INTO path VALUES (?, ?, ?)", row)

        self._do(note, writes=True)

    def get(self, key: str, number: int) -> bytes | None:
        """A payload, None where there is none that is whole."""

        def look(db: sqlite3.Connection) -> tuple[bytes | None, bool]:
            select = (
                "SELECT digest, payload, used FROM part JOIN document USING (key)"
                " WHERE key = ? AND number = ?"
            )
            row = db.execute(select, (key, number)).fetchone()
            if row is None or not isinstance(row[1], bytes):
                return None, False
            whole = row[0] == _digest(key, number, row[1])
            is_old = not isinstance(row[2], int) or abs(time.time() - row[2]) > _USED_S
            return (row[1], is_old) if whole else (None, False)

        payload, is_old = self._do(look) or (None, False)
        if is_old:
            self._do(lambda db: _use(db, key), writes=True)
        return payload

    def put(self, key: str, number: int, payload: bytes) -> None:
        """Keep a payload; what was used least recently makes room for it."""

        def keep(db: sqlite3.Connection) -> None:
            row = key, number, _digest(key, number, payload), payload
            db.execute("INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?)", row)
            _use(db, key)
            self._prune(db, key)

        if len(payload) <= min(_MOST_PAYLOAD, self._most_bytes):
            self._do(keep, writes=True)

    def _prune(self, db: sqlite3.Connection, kept: str) -> None:
        (page,) = db.execute("PRAGMA page_size").fetchone()

        def is_over() -> bool:
            (pages,) = db.execute("PRAGMA page_count").fetchone()
            (free,) = db.execute("PRAGMA freelist_count").fetchone()
            return bool((pages - free) * page > self._most_bytes)

        while is_over():
            oldest = "SELECT key FROM document WHERE key != ? ORDER BY used LIMIT 1"
            row = db.execute(oldest, (kept,)).fetchone()
            if row is None:
                break
            db.execute("DELETE FROM part WHERE key = ?", row)
            db.execute("DELETE FROM document WHERE key = ?", row)

    def _do(self, work: Callable[[sqlite3.Connection], T], *, writes: bool = False) -> T | None:
        """What ``work`` gives on the open file; None, with a word to the log, where it fails."""
        try:
            with closing(self._connect()) as db, _transaction(db, writes=writes):
                return work(db)
        except (sqlite3.Error, OSError, ValueError, OverflowError) as error:
            _LOG.debug("the cache %s is not used: %s", self.file, error)
            # An operational error is the moment's (locked, full); any other is the file's.
            if type(error) in {sqlite3.DatabaseError, _ForeignError}:
                self._discard()
            return None

    def _connect(self) -> sqlite3.Connection:
        # Not created here: what SQLite creates has the mode that the umask leaves.
        uri = f"{self.file.as_uri()}?mode=rw"
        db = sqlite3.connect(uri, uri=True, timeout=_PATIENCE_S, isolation_level=None)
        try:
            db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_PAYLOAD + 1024)
            db.execute("PRAGMA trusted_schema = OFF")
            db.execute("PRAGMA cell_size_check = ON")
            # After a crash of the machine a torn file is found broken, and made anew.
            db.execute("PRAGMA synchronous = OFF")
            found = _schema(db)
            if not found:
                with _transaction(db, writes=True):
                    if not _schema(db):
                        for statement in _SCHEMA:
                            db.execute(statement)
                    found = _schema(db)
            if found != _SCHEMA:
                raise _ForeignError("it is no cache of this version")
        except BaseException:
            db.close()
            raise
        return db

    def _discard(self) -> None:
        for suffix in ("-journal", "-wal", "-shm", ""):
            with suppress(OSError):
                os.unlink(f"{self.file}{suffix}")


def _schema(db: sqlite3.Connection) -> tuple[object, ...]:
    return tuple(row[0] for row in db.execute("SELECT sql FROM sqlite_master ORDER BY name"))


@contextmanager
def _transaction(db: sqlite3.Connection, *, writes: bool) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _use(db: sqlite3.Connection, key: str) -> None:
    db.execute("INSERT OR REPLACE INTO document VALUES (?, ?)", (key, int(time.time())))


def _digest(key: str, number: int, payload: bytes) -> bytes:
    made = hashlib.blake2b(f"{key} {number} ".encode(), digest_size=16)
    made.update(payload)
    return made.digest()
