"""The command `specc`, which `python -m specc` is too."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    try:
        from specc.interrupts import leave, leave_promptly

        leave_promptly()  # before the other imports, which take most of a short run
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    from specc.cli import main as run

    leave(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
