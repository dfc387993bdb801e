"""Tests marked ``long`` run when they are asked for by that name: ``-m long``."""

from __future__ import annotations

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what takes minutes unless it was asked for."""
    if item.get_closest_marker("long") and "long" not in item.config.option.markexpr:
        pytest.skip("takes minutes; make test-long runs it")
