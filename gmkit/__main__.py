"""``python -m gmkit``."""

import sys

from gmkit.cli.main import main

sys.exit(main())
