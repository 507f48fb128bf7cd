"""An exported file is the old one or the new one, whatever happens while it is written."""

import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import onnx
import pytest
from powerless import give_up_override

NET = "model Net { input x 3x8x8\nflatten\ndense 8192\ndense 64 }\n"  # about 8 MB
FILE_LIMIT = 1_000_000


def export(folder: Path, *options: str, **how: object) -> subprocess.Popen[bytes]:
    target = () if "-o" in options else ("-o", "net.onnx")
    command = [sys.executable, "-m", "specc", "export", "net.cnn", *target, *options]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how)  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With an exported model of seed 0."""
    (tmp_path / "net.cnn").write_text(NET, encoding="utf-8")
    export(tmp_path).communicate()
    return tmp_path


def litter(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name not in ("net.cnn", "net.onnx"))


def test_killed_at_any_moment(folder):
    dice = random.Random(0)
    whole = {(folder / "net.onnx").read_bytes()}
    export(folder, "--seed", "1").communicate()
    whole.add((folder / "net.onnx").read_bytes())
    assert len(whole) == 2
    for round in range(12):
        started = export(folder, "--seed", str(round % 2))
        deadline = time.monotonic() + 60
        while not litter(folder) and started.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)  # most of the time goes into starting: wait for the first byte
        time.sleep(dice.random() * 0.05)
        started.kill()
        started.communicate()
        assert (folder / "net.onnx").read_bytes() in whole
    export(folder).communicate()
    assert litter(folder) == []  # what the killed ones left is gone with the next export


def test_a_full_disk(folder):
    old = (folder / "net.onnx").read_bytes()
    started = export(
        folder, "--seed", "1", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT, FILE_LIMIT))
    )
    _, err = started.communicate()
    assert started.returncode == 2
    assert b"error[E0904]" in err
    assert (folder / "net.onnx").read_bytes() == old
    assert litter(folder) == []


def test_eight_exports_to_one_path(folder):
    started = [export(folder, "--seed", str(seed)) for seed in range(8)]
    assert [process.communicate()[1][:5] for process in started] == [b"wrote"] * 8
    onnx.checker.check_model(onnx.load(folder / "net.onnx"))
    assert litter(folder) == []


def test_a_folder_that_is_read_only(folder):
    old = (folder / "net.onnx").read_bytes()
    folder.chmod(0o500)
    started = export(folder, "--seed", "1", preexec_fn=give_up_override)
    assert b"error[E0904]" in started.communicate()[1]
    folder.chmod(0o700)
    assert (folder / "net.onnx").read_bytes() == old
    assert litter(folder) == []


def test_a_file_that_is_write_protected(folder):
    target = folder / "net.onnx"
    old = target.read_bytes()
    target.chmod(0o444)
    started = export(folder, "--seed", "1", preexec_fn=give_up_override)
    assert b"error[E0904]: cannot write net.onnx: it is write-protected" in started.communicate()[1]
    assert (started.returncode, target.read_bytes(), target.stat().st_mode & 0o777) == (2, old, 0o444)


UNREADABLE = {
    "export net.cnn -o closed/x.onnx": "E0904",
    "export net.cnn -o closed/below/x.onnx": "E0904",
    "export net.cnn --to torch -o closed/x.py": "E0904",
    "export net.cnn --weights closed/x.npz": "E0608",
    "run net.cnn -i closed": "E0608",
    "run net.cnn -i closed/*": "E0608",
    "run net.cnn -i closed/x.png": "E0608",
    "verify net.cnn --onnx closed/x.onnx": "E0601",
    "import closed/x.onnx": "E0608",
}


@pytest.mark.parametrize("command", UNREADABLE)
def test_a_folder_that_may_not_be_searched(command, folder):
    (folder / "closed").mkdir(mode=0)
    done = subprocess.run(
        [sys.executable, "-m", "specc", *command.split()],
        cwd=folder, preexec_fn=give_up_override, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr.split(":")[0]) == (2, f"error[{UNREADABLE[command]}]")
    assert "Permission denied" in done.stderr


@pytest.mark.parametrize("target", ["net.cnn/net.onnx", "missing/net.onnx", "/proc/net.onnx", "a" * 300 + ".onnx"])
def test_a_place_where_nothing_can_be_written(target, folder):
    started = export(folder, "-o", target)
    _, err = started.communicate()
    assert started.returncode == 2
    assert b"error[E0904]" in err


def test_an_interrupted_export_leaves_nothing(folder):
    old = (folder / "net.onnx").read_bytes()
    started = export(folder, "--seed", "1")
    while not litter(folder) and started.poll() is None:
        time.sleep(0.001)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate()
    assert started.returncode in (0, 130)
    assert b"Traceback" not in err
    assert litter(folder) == []
    assert started.returncode == 0 or (folder / "net.onnx").read_bytes() == old
