"""The command `specc`, which `python -m specc` is too."""

import sys


def main() -> int:
    """Run the command line and return its exit code; an interrupt while modules are still being imported ends it as
    quietly as a later one."""
    try:
        from specc.cli import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
