"""Stands where the C core is missing, and says so: there is no second implementation.

Python finds the compiled ``_core`` first; this file is what it finds on another system than Linux,
or where the package was never built. Everything but access works without the core.
"""

import sys

from regmap.errors import BackendUnavailable

if sys.platform == "linux":
    _WHY = "the C core is not built for this Python; install the package with `pip install .`"
else:
    _WHY = f"registers are accessed on Linux only, and this is {sys.platform}"
raise BackendUnavailable(f"{_WHY} (descriptions load, check and generate without it)")
