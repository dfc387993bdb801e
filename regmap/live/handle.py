"""What all live objects have in common: they stand for hardware, which cannot be copied."""

from __future__ import annotations

from typing import Any, NoReturn, SupportsIndex

__all__ = ["Handle", "Indexed"]


class Handle:
    """Base of live objects: ``copy``, ``deepcopy`` and ``pickle`` are refused.

    A copy would be a second lock and a second set of objects for the same registers, and in
    another process it would reach nothing.
    """

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        raise TypeError(
            f"{self!r} stands for hardware and cannot be copied or pickled; "
            "keep what read() gave, or open the device again"
        )


class Indexed(Handle):
    """Base of live objects that have elements by index."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        """The element. Raises NoSuchElement, TypeError; no bus access."""
        raise NotImplementedError
