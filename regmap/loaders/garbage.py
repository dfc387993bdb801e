"""Making very many objects at once: the garbage collector waits meanwhile."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["uncollected"]


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage is collected inside, and what was made is old afterwards.

    A description is very many objects, none of them garbage before the end; collecting among them
    again and again takes longer than all the rest, and even once takes a fifth of it.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            # There and back again: all objects are now in the oldest generation, unvisited. Not
            # where the program has frozen objects itself, which would be thawed.
            if gc.get_freeze_count() == 0:
                gc.freeze()
                gc.unfreeze()
            gc.enable()
