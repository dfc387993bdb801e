"""SVD files as they were read before: an index of the chip, and each block that anybody asked for.

Only what opening a device needs goes through here; ``check`` and everything else that looks at a
whole file reads the file. A file is known by its content; that an unchanged path still has that
content is told by its stamp (device, inode, size and times), unless it was written so shortly
before that a later writing might have left the same times. The key also holds the state of the
code that reads SVD, so what another version has kept is not found. Small files are not worth it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import time
from dataclasses import dataclass, fields, replace
from functools import cache as once
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from regmap.errors import MapError, Problem
from regmap.loaders.cache.folder import private_file
from regmap.loaders.files import Files
from regmap.loaders.garbage import uncollected
from regmap.loaders.report import MISSING_FILE, Log
from regmap.model.block import Block
from regmap.model.chip import Chip
from regmap.model.codec import CodecError, dumps, loads

__all__ = ["read_late"]

_LOG = logging.getLogger("regmap")
_FILE = "svd-1.sqlite"
_LEAST_BYTES = 256 << 10
# Writings closer together than this may leave the same times on some file systems.
_RACY_NS = 2_000_000_000
_INDEX = -1


def read_late(file: Path, files: Files) -> Block | Chip | None:
    """What an SVD file describes, each block made when somebody asks for what is in it.

    From the cache where that has it; what is read is kept there, and so is each block when it is
    made. What there is to say about the file goes to the log of ``files``.
    """
    cache = _Cache.of(file)
    if cache is None:
        data = _bytes(file, files)
        return _parse(data, file, files) if data is not None else None
    index = cache.find()
    if index is None:
        data = _bytes(file, files)
        if data is None:
            return None
        index = cache.find(data)
        if index is None:
            chip, log = _parse(data, file, files), files.log
            if type(chip) is not Chip or log.failed or log.incomplete:
                return chip
            return cache.keep(_Index(chip=chip, problems=log.problems))
    files.log.repeat(index.problems)
    files.known(cache.sha256)
    return index.chip


def _bytes(file: Path, files: Files) -> bytes | None:
    from regmap.loaders.svd import MOST_SVD_BYTES  # noqa: PLC0415  (brings lxml)

    return files.read(file, MOST_SVD_BYTES, None)


def _parse(data: bytes, file: Path, files: Files) -> Block | Chip | None:
    from regmap.loaders.svd import read_svd  # noqa: PLC0415

    return read_svd(data, str(file), files, whole=False)


@dataclass(frozen=True, kw_only=True)
class _Index:
    """A chip whose blocks are still to be made, and what there was to say about its file."""

    chip: Chip
    problems: tuple[Problem, ...] = ()


class _Cache:
    """What is kept of one SVD file; ``sha256`` is that of the content last looked for."""

    def __init__(self, store: Any, file: Path, stamp: str) -> None:
        self.sha256 = ""
        self._store = store
        self._file = file
        self._stamp = stamp
        self._path = os.path.abspath(file)

    @classmethod
    def of(cls, file: Path) -> _Cache | None:
        """The cache for a file; None where it is too small or there is no cache."""
        try:
            found = file.stat()
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(found.st_mode) or found.st_size < _LEAST_BYTES or not _version():
            return None
        place, why = private_file(_FILE)
        if place is None:
            _LOG.debug("there is no cache: %s", why)
            return None
        try:
            from regmap.loaders.cache.store import Store  # noqa: PLC0415  (brings sqlite3)
        except ImportError:
            return None
        return cls(Store(place), file, _stamp_of(found))

    def find(self, data: bytes | None = None) -> _Index | None:
        """What is kept of the file, by its stamp or, with ``data``, by its content."""
        if data is None:
            self.sha256 = self._store.content_of(self._path, self._stamp) or ""
        else:
            self.sha256 = hashlib.sha256(data).hexdigest()
        if not self.sha256:
            return None
        payload = self._store.get(self._key, _INDEX)
        if payload is None:
            return None
        try:
            index = loads(payload, _Index, file=str(self._file))
        except CodecError as error:
            _LOG.debug("the cache of %s is not used: %s", self._file, error)
            return None
        if data is not None:
            self._note_stamp()
        source = _Source(self._store, self._key, self._file, self.sha256, None)
        return replace(index, chip=source.late(index.chip))

    def keep(self, index: _Index) -> Chip:
        """Keep what was read of the content last looked for; the chip with blocks that are kept
        as soon as they are made."""
        blocks = _blocks(index.chip)
        headers = {key: replace(block, items=(), enums=()) for key, block in blocks.items()}
        chip = _with_blocks(index.chip, headers)
        try:
            text = dumps(replace(index, chip=chip), file=str(self._file))
        except TypeError as error:
            _LOG.debug("%s is not kept: %s", self._file, error)
            return index.chip
        self._store.put(self._key, _INDEX, text.encode("ascii"))
        self._note_stamp()
        source = _Source(self._store, self._key, self._file, self.sha256, list(blocks.values()))
        return source.late(chip)

    @property
    def _key(self) -> str:
        # A device without a name is called after its file.
        parts = f"{_version()}\0{self.sha256}\0{self._file.name}"
        return hashlib.sha256(parts.encode("utf-8", "surrogateescape")).hexdigest()

    def _note_stamp(self) -> None:
        """Remember the stamp where the content cannot have changed under it."""
        try:
            found = self._file.stat()
        except OSError:
            return
        age = time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns)
        if age > _RACY_NS and _stamp_of(found) == self._stamp:
            self._store.note_content(self._path, self._stamp, self.sha256)


class _Source:
    """Makes the blocks of one content: from what is kept, else by reading the file once more.

    ``blocks`` are those of the file where it has just been read. Safe between threads.
    """

    def __init__(
        self, store: Any, key: str, file: Path, sha256: str, blocks: list[Block] | None
    ) -> None:
        self._store = store
        self._key = key
        self._file = file
        self._sha256 = sha256
        self._blocks = blocks
        self._lock = Lock()

    def late(self, chip: Chip) -> Chip:
        """The chip with its blocks to be made when they are asked for."""
        late = {}
        for number, (key, block) in enumerate(_blocks(chip).items()):
            known = {
                each.name: getattr(block, each.name)
                for each in fields(block)
                if each.init and each.name not in {"items", "enums"}
            }
            late[key] = Block.deferred(partial(self._make, number), **known)
        return _with_blocks(chip, late)

    def _make(self, number: int) -> Block:
        with uncollected():
            kept = self._kept(number) if self._blocks is None else None
            if kept is not None:
                return kept
            with self._lock:
                if self._blocks is None:
                    self._blocks = self._read()
                block = self._blocks[number]
                part = Block(name="", items=block.items, enums=block.enums)
            try:
                text = dumps(part, file=str(self._file))
            except TypeError as error:
                _LOG.debug("%s is not kept: %s", block.name, error)
            else:
                self._store.put(self._key, number, text.encode("ascii"))
            return part

    def _kept(self, number: int) -> Block | None:
        payload = self._store.get(self._key, number)
        try:
            return loads(payload, Block, file=str(self._file)) if payload else None
        except CodecError as error:
            _LOG.debug("the cache of %s is not used: %s", self._file, error)
            return None

    def _read(self) -> list[Block]:
        files = Files(Log())
        data = _bytes(self._file, files)
        if data is not None and hashlib.sha256(data).hexdigest() != self._sha256:
            text = f"{self._file} has changed since it was opened"
            files.log.error(MISSING_FILE, None, text, "open it again")
            data = None
        chip = _parse(data, self._file, files) if data is not None else None
        if not isinstance(chip, Chip):
            raise MapError(files.log.problems)
        return list(_blocks(chip).values())


def _blocks(chip: Chip) -> dict[int, Block]:
    """The blocks of a chip by identity, in the order of first use."""
    return {id(each.block): each.block for each in chip.instances}


def _with_blocks(chip: Chip, blocks: dict[int, Block]) -> Chip:
    """The chip with other blocks in place of its own."""
    made = tuple(replace(each, block=blocks[id(each.block)]) for each in chip.instances)
    return replace(chip, instances=made)


def _stamp_of(found: os.stat_result) -> str:
    times = f"{found.st_mtime_ns}:{found.st_ctime_ns}"
    return f"{found.st_dev}:{found.st_ino}:{found.st_size}:{times}"


@once
def _version() -> str:
    """The state of the code that reads SVD files, "" where it is not in files."""
    root = Path(__file__).parents[2]
    digest = hashlib.sha256()
    try:
        for folder in (root, root / "model", root / "loaders", root / "loaders" / "svd"):
            for entry in sorted(os.scandir(folder), key=lambda each: each.name):
                if entry.name.endswith(".py"):
                    found = entry.stat()
                    digest.update(f"{entry.name} {found.st_size} {found.st_mtime_ns}\n".encode())
    except OSError:
        return ""
    return digest.hexdigest()
