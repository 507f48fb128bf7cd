"""Files made to mislead a reader get one error, and cost little; sound ones of the same making are read.

Seconds are in the table of docs/weights.md; here they are not asserted.
"""

from __future__ import annotations

import pytest

from tests.faults.hostile_cases import BAD, SOUND, outcomes

pytest.importorskip("h5py", reason="Keras files are read with h5py")
EXTRA = 256
"""MiB that reading a bad file may take beyond what reading a sound one does."""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    everything = (*SOUND, *BAD)
    results = {
        (case.group, case.title): found for case, found in zip(everything, outcomes(everything, folder), strict=True)
    }
    assert not (folder / "pwned").exists()  # what the pickles would do
    return results


@pytest.mark.parametrize("title", [case.title for case in SOUND])
def test_a_sound_file_is_read(found, title):
    assert found["sound", title].code == 0, found["sound", title].errors


@pytest.mark.parametrize(("group", "title"), [(case.group, case.title) for case in BAD])
def test_a_bad_file_is_one_error(found, group, title):
    bad = found[group, title]
    assert bad.code in (1, 2), bad.errors
    assert [line[:5] for line in bad.errors.splitlines()].count("error") == 1, bad.errors
    assert "Traceback" not in bad.errors
    assert bad.megabytes <= min(item.megabytes for (kind, _), item in found.items() if kind == "sound") + EXTRA
