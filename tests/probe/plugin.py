"""The tracer as a pytest fixture."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from regmap import _core
from tests.probe import Access, traced, unavailable

__all__ = ["bus_trace"]


@pytest.fixture
def bus_trace() -> Callable[[_core.Map | mmap.mmap], AbstractContextManager[list[Access]]]:
    """``with bus_trace(mapping) as seen: ...``: the accesses that the code really makes."""
    reason = unavailable()
    if reason:
        pytest.skip(reason)
    return traced
