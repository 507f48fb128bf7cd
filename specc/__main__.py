"""`python -m specc`: an interrupt while modules are still being imported ends it as quietly as a later one."""

import sys

try:
    from specc.cli import main

    code = main()
except KeyboardInterrupt:
    code = 130

sys.exit(code)
