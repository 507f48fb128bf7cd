"""The command line.  Only this package prints or exits.

Exit codes: 0 fine; 1 the spec is wrong, or verification failed; 2 the request could not be carried out.
"""

import gc

# A compiler makes many objects that live to its end and few cycles: looking for cycles at Python's usual rate takes a
# tenth of a short run, and half of one over 100,000 layers.  Before the imports, which make objects too.
gc.set_threshold(200_000, 50, 50)

from specc.cli.main import main  # noqa: E402

__all__ = ["main"]
