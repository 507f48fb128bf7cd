"""Files that are whole or not there."""

import os
from pathlib import Path

import pytest

from specc.files import atomic, status


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "out"
    with atomic(path) as stream:
        stream.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_may_be_named_by_what_was_written(tmp_path):
    written = []
    with atomic(tmp_path / "out", lambda: "".join(written)) as stream:
        stream.write(b"new")
        written.append("known")
    assert [path.name for path in tmp_path.iterdir()] == ["known"]
    assert (tmp_path / "known").read_bytes() == b"new"


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), atomic(path) as stream:
        stream.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="links and devices of POSIX")
def test_links_are_followed_and_devices_written_in_place(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with atomic(tmp_path / "link") as stream:
        stream.write(b"data")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"data"
    with atomic(Path(os.devnull)) as stream:
        stream.write(b"gone")
    assert Path(os.devnull).is_char_device()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    path.chmod(0o640)
    with atomic(path) as stream:
        stream.write(b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o640)


@pytest.mark.parametrize("name", ["a" * 300, "a\0b"], ids=["too long", "null byte"])
def test_what_can_be_no_name_is_an_error_of_the_system(name, tmp_path):
    with pytest.raises(OSError, match=r"too long|null byte"):
        status(tmp_path / name)
    with pytest.raises(OSError, match=r"too long|null byte"), atomic(tmp_path / name):
        pass


def test_nothing_has_no_status(tmp_path):
    (tmp_path / "file").touch()
    assert status(tmp_path / "nothing") is None
    assert status(tmp_path / "file" / "below") is None
