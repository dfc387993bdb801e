"""Tests marked ``hardware`` run when they are asked for by that name: ``-m hardware``."""

from __future__ import annotations

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("hardware") and "hardware" not in item.config.option.markexpr:
        pytest.skip("boots a guest; make test-hardware runs it")
