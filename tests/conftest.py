"""Fixtures for every test."""

from __future__ import annotations

import os

pytest_plugins = ["tests.probe.plugin"]

# Tests neither use nor fill the cache of whoever runs them; those of the cache have their own.
os.environ["REGMAP_CACHE"] = "off"
