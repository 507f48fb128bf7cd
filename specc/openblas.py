"""Telling OpenBLAS, which does NumPy's matrix products, about processors that are newer than it.

OpenBLAS picks its kernels by the processor's model number and takes an AVX-512 processor that it does not know for a
Haswell, which halves the speed of the interpreter.  Its SkylakeX kernels run on every processor with the instructions
below.  They are chosen by an environment variable that is read when NumPy is imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

VARIABLE: Final = "OPENBLAS_CORETYPE"
SKYLAKE_X: Final = frozenset({"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"})
"""What OpenBLAS's SkylakeX kernels need, as /proc/cpuinfo calls it."""


def choose_kernels(environment: MutableMapping[str, str] = os.environ, cpuinfo: Path = Path("/proc/cpuinfo")) -> None:
    """Set OPENBLAS_CORETYPE where the processor has AVX-512, unless it is set or NumPy is imported already."""
    if VARIABLE in environment or "numpy" in sys.modules:
        return
    try:
        text = cpuinfo.read_text(encoding="ascii", errors="replace")
    except OSError:  # no Linux, no answer
        return
    if has_avx512(text):
        environment[VARIABLE] = "SkylakeX"


def has_avx512(cpuinfo: str) -> bool:
    """Whether the first processor in the text of /proc/cpuinfo runs OpenBLAS's SkylakeX kernels."""
    for line in cpuinfo.splitlines():
        name, _, flags = line.partition(":")
        if name.strip() == "flags":
            return SKYLAKE_X.issubset(flags.split())
    return False
