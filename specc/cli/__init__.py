"""The command line.  Only this package prints or exits.

Exit codes: 0 fine; 1 the spec is wrong, or verification failed; 2 the request could not be carried out.
"""

import gc
import os

# A compiler makes many objects that live to its end and few cycles: looking for cycles at Python's usual rate takes a
# tenth of a short run, and half of one over 100,000 layers.  Before the imports, which make objects too.
gc.set_threshold(200_000, 50, 50)
# Before its first model pydantic reads what every installed package says of itself, to find plugins that watch
# validation; a command wants none, unless the user's own setting says otherwise.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from specc.cli.main import main  # noqa: E402

__all__ = ["main"]
