"""Writing files that are whole or not there: a failure half-way leaves the old file as it was."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from specc.interrupts import unfinished

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def existing(path: str | os.PathLike[str]) -> os.stat_result:
    """What the system says of what `path` leads to.  Raises `OSError`, for a name with a null byte as well."""
    try:
        return os.stat(path)  # noqa: PTH116 - as it is named
    except ValueError as error:
        raise OSError(errno.EINVAL, f"its name is none: {error}") from None


def status(path: str | os.PathLike[str]) -> os.stat_result | None:
    """What the system says of what `path` leads to, `None` where there is nothing.

    Raises `OSError` where it does not say: in a folder that may not be searched, for a name that is too long, or one
    with a null byte.
    """
    try:
        return existing(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def is_file(path: str | os.PathLike[str]) -> bool:
    """Whether `path` leads to a regular file.  Raises what `status` raises."""
    there = status(path)
    return there is not None and stat.S_ISREG(there.st_mode)


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether `path` leads to a folder.  Raises what `status` raises."""
    there = status(path)
    return there is not None and stat.S_ISDIR(there.st_mode)


def destination(path: Path) -> Path:
    """The path of the file that writing to `path` replaces or makes, links followed.

    Raises `OSError`: what `status` raises, and `PermissionError` for a file that is write-protected.
    """
    if is_file(path) and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "it is write-protected", str(path))
    return Path(os.path.realpath(path))


@contextmanager
def atomic(path: Path, name: Callable[[], str] | None = None) -> Iterator[BinaryIO]:
    """A stream whose bytes become the file at `path` when the block ends without an exception.

    They go to a new file beside the target, are flushed to the disk and renamed over it, or to what `name` calls
    it once all bytes are known; a link is followed, and what is no regular file (`/dev/stdout`) is written in place.
    A file that is replaced leaves its permissions to the new one; one that is write-protected is not replaced.  What a
    killed process left beside the same target is removed.  Raises `OSError`.
    """
    if status(path) is not None and not is_file(path):  # as it is named: what a link to a pipe leads to has no name
        with path.open("wb") as device:
            yield device
        return
    target = destination(path)
    _sweep(target)
    temporary = target.with_name(f"{_start(target)}{secrets.token_hex(6)}.tmp")
    # before there is a file: an interrupt may come while it is made
    with pending(temporary), _claimed(temporary) as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())
        final = target.with_name(name()) if name else target
        if (old := status(final)) is not None:
            temporary.chmod(stat.S_IMODE(old.st_mode))
        temporary.replace(final)  # while the lock is held, so that nobody takes the file for a dead one's
    _flush_folder(target.parent)


@contextmanager
def pending(path: Path) -> Iterator[None]:
    """The file at `path` is worth nothing before the block ends: an exception removes it, and so does an interrupt."""
    unfinished.add(path)
    try:
        yield
    except BaseException:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise
    finally:
        unfinished.discard(path)


@contextmanager
def locked(folder: Path) -> Iterator[bool]:
    """Keep out all others who lock `folder`; false where the system or the file system has no such locks.  A lock ends
    with its process."""
    if fcntl is None:
        yield False
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            held = True
        except OSError:
            held = False
        yield held
    finally:
        os.close(handle)


def _claimed(path: Path) -> BinaryIO:
    """The new file at `path`, locked."""
    while True:
        stream = path.open("wb")
        if _locked(stream) and path.exists():  # else it was swept away before the lock held
            return stream
        stream.close()


def _start(target: Path) -> str:
    name = os.fsencode(target.name)[:200].decode(sys.getfilesystemencoding(), "ignore")
    return f".{name}."


def _locked(stream: BinaryIO) -> bool:
    """Lock an open file as long as it is open; false where another process has."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True


def _sweep(target: Path) -> None:
    """Remove the unfinished files of processes that are no more: nobody holds their locks."""
    if fcntl is None:
        return
    start = _start(target)
    with suppress(OSError):
        for name in os.listdir(target.parent):  # noqa: PTH208 - names that no pattern could hold
            middle = name[len(start) : -len(".tmp")]
            if name.startswith(start) and name.endswith(".tmp") and len(middle) == 12:
                _remove_unless_locked(target.with_name(name))


def _remove_unless_locked(path: Path) -> None:
    with suppress(OSError), path.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()


def _flush_folder(folder: Path) -> None:
    """Make the renaming itself durable, where the system lets folders be opened."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
