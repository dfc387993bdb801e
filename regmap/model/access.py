"""What software may do with a field, and what the hardware does in return: one row per action.

The tables here are the only place where an action has a meaning. ``layout`` derives from them
the bits that a neighbour's write must keep or write neutral, and ``sim`` plays them.

Words are those of CMSIS-SVD: access, modifiedWriteValues (here ``WriteAction``), readAction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

__all__ = [
    "ACCESS_SHORTHANDS",
    "READ_RULES",
    "WRITE_RULES",
    "Access",
    "AccessTriple",
    "ReadAction",
    "ReadRule",
    "WriteAction",
    "WriteRule",
]


class Access(StrEnum):
    """Who may read and write; the values are SVD's words."""

    READ_ONLY = "read-only"
    WRITE_ONLY = "write-only"
    READ_WRITE = "read-write"
    WRITE_ONCE = "writeOnce"
    READ_WRITE_ONCE = "read-writeOnce"

    @property
    def readable(self) -> bool:
        """Whether software may read it."""
        return self in (Access.READ_ONLY, Access.READ_WRITE, Access.READ_WRITE_ONCE)

    @property
    def writable(self) -> bool:
        """Whether software may write it, be it only once."""
        return self is not Access.READ_ONLY

    @property
    def once(self) -> bool:
        """Whether only the first write after reset counts."""
        return self in (Access.WRITE_ONCE, Access.READ_WRITE_ONCE)


class WriteAction(StrEnum):
    """What a written bit does; the values are those of SVD's modifiedWriteValues."""

    MODIFY = "modify"
    ONE_TO_CLEAR = "oneToClear"
    ONE_TO_SET = "oneToSet"
    ONE_TO_TOGGLE = "oneToToggle"
    ZERO_TO_CLEAR = "zeroToClear"
    ZERO_TO_SET = "zeroToSet"
    ZERO_TO_TOGGLE = "zeroToToggle"
    CLEAR = "clear"
    SET = "set"


class ReadAction(StrEnum):
    """What a read does beside returning the value; the values are those of SVD's readAction."""

    CLEAR = "clear"
    SET = "set"
    MODIFY = "modify"
    MODIFY_EXTERNAL = "modifyExternal"


@dataclass(frozen=True, slots=True)
class WriteRule:
    """The meaning of one write action.

    ``acting`` is the bit value that does something and ``neutral`` the one that does nothing;
    both are None where no such value exists. ``does`` names the verb of the acting value.
    ``after(old, written, mask)`` is what the masked bits hold after the write.
    """

    prose: str
    acting: Literal[0, 1] | None
    neutral: Literal[0, 1] | None
    does: Literal["clear", "set", "toggle"] | None
    after: Callable[[int, int, int], int]


@dataclass(frozen=True, slots=True)
class ReadRule:
    """The meaning of one read action: ``after(old, mask)`` is what the bits hold afterwards, or
    None where the hardware alone knows."""

    prose: str
    after: Callable[[int, int], int] | None


WRITE_RULES: Mapping[WriteAction, WriteRule] = {
    WriteAction.MODIFY: WriteRule(
        "takes the written value", None, None, None, lambda _old, new, mask: new & mask
    ),
    WriteAction.ONE_TO_CLEAR: WriteRule(
        "a 1 clears the bit, a 0 does nothing",
        1, 0, "clear", lambda old, new, mask: old & ~new & mask,
    ),
    WriteAction.ONE_TO_SET: WriteRule(
        "a 1 sets the bit, a 0 does nothing",
        1, 0, "set", lambda old, new, mask: (old | new) & mask,
    ),
    WriteAction.ONE_TO_TOGGLE: WriteRule(
        "a 1 inverts the bit, a 0 does nothing",
        1, 0, "toggle", lambda old, new, mask: (old ^ new) & mask,
    ),
    WriteAction.ZERO_TO_CLEAR: WriteRule(
        "a 0 clears the bit, a 1 does nothing",
        0, 1, "clear", lambda old, new, mask: old & new & mask,
    ),
    WriteAction.ZERO_TO_SET: WriteRule(
        "a 0 sets the bit, a 1 does nothing",
        0, 1, "set", lambda old, new, mask: (old | ~new) & mask,
    ),
    WriteAction.ZERO_TO_TOGGLE: WriteRule(
        "a 0 inverts the bit, a 1 does nothing",
        0, 1, "toggle", lambda old, new, mask: (old ^ ~new) & mask,
    ),
    WriteAction.CLEAR: WriteRule(
        "any write clears all bits", None, None, "clear", lambda _old, _new, _mask: 0
    ),
    WriteAction.SET: WriteRule(
        "any write sets all bits", None, None, "set", lambda _old, _new, mask: mask
    ),
}  # fmt: skip

READ_RULES: Mapping[ReadAction, ReadRule] = {
    ReadAction.CLEAR: ReadRule("a read clears it", lambda _old, _mask: 0),
    ReadAction.SET: ReadRule("a read sets it", lambda _old, mask: mask),
    ReadAction.MODIFY: ReadRule("a read changes it", None),
    ReadAction.MODIFY_EXTERNAL: ReadRule("a read changes something else", None),
}


@dataclass(frozen=True, slots=True)
class AccessTriple:
    """What one shorthand such as ``rw1c`` stands for."""

    access: Access
    write_action: WriteAction = WriteAction.MODIFY
    read_action: ReadAction | None = None


_RO, _WO, _RW = Access.READ_ONLY, Access.WRITE_ONLY, Access.READ_WRITE

ACCESS_SHORTHANDS: Mapping[str, AccessTriple] = {
    "ro": AccessTriple(_RO),
    "wo": AccessTriple(_WO),
    "rw": AccessTriple(_RW),
    "w1": AccessTriple(Access.WRITE_ONCE),
    "rw1": AccessTriple(Access.READ_WRITE_ONCE),
    "rw1c": AccessTriple(_RW, WriteAction.ONE_TO_CLEAR),
    "rw1s": AccessTriple(_RW, WriteAction.ONE_TO_SET),
    "rw1t": AccessTriple(_RW, WriteAction.ONE_TO_TOGGLE),
    "rw0c": AccessTriple(_RW, WriteAction.ZERO_TO_CLEAR),
    "rw0s": AccessTriple(_RW, WriteAction.ZERO_TO_SET),
    "rw0t": AccessTriple(_RW, WriteAction.ZERO_TO_TOGGLE),
    "rwc": AccessTriple(_RW, WriteAction.CLEAR),
    "rws": AccessTriple(_RW, WriteAction.SET),
    "wo1c": AccessTriple(_WO, WriteAction.ONE_TO_CLEAR),
    "wo1s": AccessTriple(_WO, WriteAction.ONE_TO_SET),
    "wo1t": AccessTriple(_WO, WriteAction.ONE_TO_TOGGLE),
    "wo0c": AccessTriple(_WO, WriteAction.ZERO_TO_CLEAR),
    "wo0s": AccessTriple(_WO, WriteAction.ZERO_TO_SET),
    "wo0t": AccessTriple(_WO, WriteAction.ZERO_TO_TOGGLE),
    "woc": AccessTriple(_WO, WriteAction.CLEAR),
    "wos": AccessTriple(_WO, WriteAction.SET),
    "rc": AccessTriple(_RO, WriteAction.MODIFY, ReadAction.CLEAR),
    "rs": AccessTriple(_RO, WriteAction.MODIFY, ReadAction.SET),
    "rwrc": AccessTriple(_RW, WriteAction.MODIFY, ReadAction.CLEAR),
    "rwrs": AccessTriple(_RW, WriteAction.MODIFY, ReadAction.SET),
}
