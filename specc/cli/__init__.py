"""The command line.  Only this package prints or exits.

Exit codes: 0 fine; 1 the spec is wrong, or verification failed; 2 the request could not be carried out.
"""

from specc.cli.main import main

__all__ = ["main"]
