"""``python -m bridge`` is ``trunkline``."""

import sys

from bridge.commands import main

sys.exit(main())
