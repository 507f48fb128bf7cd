"""AVX-512 processors get OpenBLAS's AVX-512 kernels; no other does, where they would crash."""

import sys
from pathlib import Path

import pytest

from specc.openblas import choose_kernels

HASWELL = "fpu sse2 avx avx2 fma"
SKYLAKE = f"{HASWELL} avx512f avx512dq avx512cd avx512bw avx512vl"


@pytest.mark.parametrize(
    ("flags", "before", "after"),
    [
        (SKYLAKE, {}, {"OPENBLAS_CORETYPE": "SkylakeX"}),
        (SKYLAKE, {"OPENBLAS_CORETYPE": "Haswell"}, {"OPENBLAS_CORETYPE": "Haswell"}),
        (HASWELL, {}, {}),
        (f"{HASWELL} avx512f avx512cd avx512er avx512pf", {}, {}),  # Knights Landing lacks three of them
        ("", {}, {}),
    ],
)
def test_kernels_follow_the_processor(
    flags: str, before: dict, after: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "numpy", raising=False)
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nmodel name\t: any\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
    choose_kernels(before, cpuinfo)
    assert before == after


def test_a_system_without_cpuinfo_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "numpy", raising=False)
    environment: dict[str, str] = {}
    choose_kernels(environment, tmp_path / "none")
    assert environment == {}


def test_it_is_too_late_behind_numpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"flags : {SKYLAKE}\n")
    monkeypatch.setitem(sys.modules, "numpy", object())
    environment: dict[str, str] = {}
    choose_kernels(environment, cpuinfo)
    assert environment == {}
