"""``python -m regmap`` is the command ``regmap``."""

import sys

from regmap.cli.main import main

sys.exit(main())
