"""Write the conformance table: `python -m specc.conformance [docs/conformance.md]`."""

import sys
from pathlib import Path

from specc.conformance.cases import cases, judged
from specc.conformance.page import page

Path(sys.argv[1] if len(sys.argv) > 1 else "docs/conformance.md").write_text(
    page([judged(case) for case in cases()]), encoding="utf-8"
)
