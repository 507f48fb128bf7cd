"""Interrupts, closed streams, bare environments: the command line leaves cleanly, and talks to no network."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from powerless import give_up_override

NET = "model Net { input x 3x8x8, range=[0, 1]\nconv 4, 3x3, relu\nglobal_avgpool; flatten\ndense 2, softmax }\n"
SLOW = "model Net { input x 3x64x64\nrepeat 60 { conv 256, 3x3, pad=1 }\n}\n"
LOOP = "model Net { input x 3x8x8\nrepeat 900_000 { let _a = 1 }\nrelu }\n"
STARTED = "import os, runpy; os.write(1, b'.'); runpy.run_module('specc', run_name='__main__')"
SPECC = [sys.executable, "-m", "specc"]
COMMANDS = {
    "check": (LOOP, ["check", "net.cnn"]),
    "export": (SLOW, ["export", "net.cnn", "-o", "out.onnx"]),
    "run": (SLOW, ["run", "net.cnn", "--input", "x.npy", "-o", "out.npz", "--device", "cpu"]),
    "verify": (SLOW, ["verify", "net.cnn"]),
}
AUDIT = """
import os, sys
def watch(event, args):
    if event.startswith("socket.") and event not in ("socket.gethostname",):
        os.write(2, f"NETWORK {event}\\n".encode())
    if event == "import" and args[0].startswith("onnxruntime"):
        os.write(2, f"TELEMETRY {os.environ.get('ORT_DISABLE_TELEMETRY')}\\n".encode())
sys.addaudithook(watch)
from specc.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.cnn").write_text(NET, encoding="utf-8")
    np.save(tmp_path / "x.npy", np.zeros((1, 3, 8, 8), np.float32))
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("delay", [0.3, 1.5])
def test_an_interrupt_ends_at_once(command, delay, folder):
    text, arguments = COMMANDS[command]
    (folder / "net.cnn").write_text(text, encoding="utf-8")
    np.save(folder / "x.npy", np.zeros((1, 3, 64, 64), np.float32))
    command = [sys.executable, "-c", STARTED, *arguments]
    started = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert started.stdout is not None
    assert started.stdout.read(1) == b"."  # Python itself has started
    time.sleep(delay)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=60)
    assert started.returncode in (130, 0)
    assert b"Traceback" not in err
    assert not list(folder.glob(".*.tmp"))


MANY = ["run", "net.cnn", "--input", "x.npy", "--device", "cpu", "--format", "jsonl"]
SEEDED = "no --weights: the model runs with seeded weights (seed 0)\n"


def test_an_interrupt_in_the_middle_of_many_results(folder):
    np.save(folder / "x.npy", np.zeros((20_000, 3, 8, 8), np.float32))
    started = subprocess.Popen([*SPECC, *MANY], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert started.stdout is not None
    assert json.loads(started.stdout.readline())["source"] == "x.npy[0]"
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=60)
    assert (started.returncode, err.decode()) == (130, f"{SEEDED}interrupted\n")


def test_a_reader_that_leaves_many_results_is_no_error(folder):
    np.save(folder / "x.npy", np.zeros((20_000, 3, 8, 8), np.float32))
    started = subprocess.Popen([*SPECC, *MANY], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert started.stdout is not None
    started.stdout.readline()
    started.stdout.close()
    assert started.stderr is not None
    assert started.stderr.read().decode() == SEEDED
    assert started.wait(timeout=60) == 0


def test_a_reader_that_leaves_is_no_error(folder):
    (folder / "net.cnn").write_text(NET.replace("conv 4", "repeat 3000 { relu }; conv 4"), encoding="utf-8")
    done = subprocess.run(
        f"{sys.executable} -m specc check net.cnn | head -1; echo ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""


ENDS = {
    "check net.cnn": 0,
    "check bad.cnn": 1,
    "check bad.cnn -q": 1,
    "check bad.cnn --format json": 1,
    "check missing.cnn": 2,
    "check warned.cnn --deny-warnings": 1,
    "export bad.cnn": 1,
    "explain nothing_at_all": 2,
    "zoo": 0,
    "no_such_command": 2,
    "": 2,
}


@pytest.mark.parametrize("both", [False, True], ids=["output", "both"])
@pytest.mark.parametrize("command", ENDS)
def test_readers_that_have_left_do_not_change_the_exit_code(command, both, folder):
    (folder / "bad.cnn").write_text(NET.replace("conv 4", "conv -4"), encoding="utf-8")
    (folder / "warned.cnn").write_text(NET.replace("conv 4", "unused: relu; conv 4"), encoding="utf-8")
    assert _without_readers(command, folder, both) == ENDS[command]


def test_a_failed_verification_without_readers_stays_one(folder):
    pytest.importorskip("onnxruntime")
    (folder / "other.cnn").write_text(NET.replace("conv 4", "relu; conv 4"), encoding="utf-8")
    subprocess.run([*SPECC, "export", "other.cnn", "-o", "x.onnx"], cwd=folder, check=True, capture_output=True)
    assert _without_readers("verify net.cnn --onnx x.onnx --brief", folder, both=True) == 1


def _without_readers(command, folder, both):
    """The exit code where nobody reads standard output, nor standard error."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*SPECC, *command.split()], cwd=folder, stdout=writer, stderr=writer if both else subprocess.PIPE
    )
    os.close(writer)
    assert both or b"Traceback" not in done.stderr
    return done.returncode


@pytest.mark.parametrize("closed", ["2>&-", "<&-", ">&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed(closed, folder):
    done = subprocess.run(
        f"{sys.executable} -m specc check net.cnn {closed}", shell=True, cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_an_error_with_closed_streams_keeps_its_exit_code(folder):
    (folder / "net.cnn").write_text("model", encoding="utf-8")
    done = subprocess.run(f"{sys.executable} -m specc check net.cnn 2>&-", shell=True, cwd=folder)
    assert done.returncode == 1


def test_a_bare_environment(folder):
    odd = folder / "Netze für später"
    odd.mkdir()
    (odd / "größtes netz.cnn").write_text(NET, encoding="utf-8")
    environment = {
        "LANG": "C",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run([*SPECC, "check", "größtes netz.cnn"], cwd=odd, env=environment, capture_output=True)
    assert done.returncode == 0
    assert done.stderr == b""
    assert b"conv1" in done.stdout
    assert done.stdout.isascii()
    np.save(odd / "eingabe für netz.npy", np.zeros((1, 3, 8, 8), np.float32))
    for word, *more in (
        ["export"],
        ["export", "-o", "netz ä.onnx"],
        ["verify", "--brief"],
        ["weights"],
        ["run", "--input", "eingabe für netz.npy"],
    ):
        command = [*SPECC, word, "größtes netz.cnn", *more]
        done = subprocess.run(command, cwd=odd, env=environment, capture_output=True)
        assert done.returncode == 0, (command, done.stderr)
        assert "netz ä.onnx" not in more or done.stderr.startswith("wrote netz ä.onnx".encode())
    assert {path.name for path in odd.glob("*.onnx")} == {"Net.onnx", "netz ä.onnx"}
    wrong = subprocess.run([*SPECC, "check", "größtes.cnn"], cwd=odd, env=environment, capture_output=True)
    assert wrong.returncode == 2
    assert b"E0601" in wrong.stderr


@pytest.mark.parametrize(
    "arguments",
    [["check", "net.cnn"], ["export", "net.cnn"], ["verify", "net.cnn"], ["run", "net.cnn", "--input", "x.npy"]],
    ids=lambda arguments: arguments[0],
)
def test_no_network_and_no_telemetry(arguments, folder):
    done = subprocess.run([sys.executable, "-c", AUDIT, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0
    assert "NETWORK" not in done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith("TELEMETRY")]
    assert set(told) <= {"TELEMETRY 1"}
    assert bool(told) == (arguments[0] in ("verify", "run"))


def everyday(*arguments: str, tree: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """specc from `tree`, with no home folder, as somebody who may not write everywhere."""
    return subprocess.run(
        [*SPECC, *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tree)},
        preexec_fn=give_up_override,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def read_only(folder: Path) -> Iterator[Path]:
    """A checkout and a spec's folder without write permission for anybody."""
    checkout = Path(__file__).parents[2]
    for name in ("specc", "grammar", "specs"):
        shutil.copytree(checkout / name, folder / "tree" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)


def test_a_read_only_checkout(read_only):
    tree = read_only / "tree"
    for command in (["check", "net.cnn"], ["verify", "net.cnn"], ["run", "net.cnn", "--input", "x.npy"]):
        done = everyday(*command, tree=tree, cwd=read_only)
        assert (done.returncode, done.stderr.removeprefix(SEEDED)) == (0, ""), command
    refused = everyday("export", "net.cnn", tree=tree, cwd=read_only)
    assert refused.returncode == 2
    assert "error[E0904]" in refused.stderr
    assert sorted(path.name for path in read_only.iterdir()) == ["net.cnn", "tree", "x.npy"]


def ended(program, folder):
    """The exit code of a Python program run in `folder`, and what it wrote as errors."""
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def test_an_interrupt_that_native_code_would_swallow(folder):
    """Native modules that meet `KeyboardInterrupt`, while they are imported or call Python, lose it or crash: there is
    none."""
    swallowing = (
        "import os, signal, sys\n"
        "from specc.cli import main\n"
        "def swallow(*_):\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    except KeyboardInterrupt:\n"
        "        raise ImportError('numpy._core.multiarray failed to import')\n"
        "sys.modules['specc.cli.main']._module = swallow\n"
        "sys.argv = ['specc', 'check', 'net.cnn']\n"
        "from specc.__main__ import main\n"
        "main()\n"
    )
    assert ended(swallowing, folder) == (130, "interrupted\n")


def test_an_interrupt_while_the_command_line_itself_is_imported(folder):
    early = (
        "import os, signal, sys\n"
        "class Interrupts:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'typing' or name.startswith('specc.cli'):\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupts())\n"
        "from specc.__main__ import main\n"
        "main()\n"
    )
    assert ended(early, folder) == (130, "interrupted\n")


def test_what_is_told_meanwhile_is_tidied_up(folder):
    """Bars of progress and the like; what fails there hinders neither the others nor the end."""
    tidying = (
        "import os, signal, sys\n"
        "from specc.interrupts import leave_promptly, undone\n"
        "def fails(): raise OSError\n"
        "undone += [fails, lambda: sys.stderr.write('tidied\\n')]\n"
        "leave_promptly()\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
    )
    assert ended(tidying, folder) == (130, "tidied\ninterrupted\n")


def test_a_command_that_is_to_ignore_interrupts_goes_on(folder):
    """As shells start those in the background."""
    ignoring = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.argv = ['specc', 'check', 'net.cnn', '-q']\n"
        "from specc.__main__ import main\n"
        "main()\n"
    )
    assert ended(ignoring, folder) == (0, "")
