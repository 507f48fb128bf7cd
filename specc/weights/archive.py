"""Zip archives from anywhere: sizes are checked before anything is unpacked, and nothing is unpacked beyond need."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from specc.weights.stored import MAX_HEADER, MAX_TENSORS
from specc.weights.tensors import Unreadable

_END: Final = b"PK\x05\x06"
_END_64: Final = b"PK\x06\x06"
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
"""What zipfile raises for damaged, encrypted or exotically compressed archives."""


def entries(path: Path) -> dict[str, zipfile.ZipInfo]:
    """The archive's members by name.  Raises `Unreadable` for anything but a sound archive of reasonable size."""
    _check_directory(path)
    with reading(), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    if len({member.filename for member in members}) != len(members):
        raise Unreadable("the archive holds two members of the same name")
    if len(members) > MAX_TENSORS:
        raise Unreadable(f"the archive has more than {MAX_TENSORS} members")
    return {member.filename: member for member in members}


def comment(path: Path) -> bytes:
    """What the archive's writer says of it.  Raises `Unreadable`."""
    with reading(), zipfile.ZipFile(path) as archive:
        return archive.comment


@contextmanager
def member(path: Path, info: zipfile.ZipInfo) -> Iterator[BinaryIO]:
    """The unpacked bytes of one member as a stream; damage found inside the block raises `Unreadable`."""
    with path.open("rb") as stream, unpacked(stream, info) as data:
        yield data


@contextmanager
def unpacked(archive: BinaryIO, info: zipfile.ZipInfo) -> Iterator[BinaryIO]:
    """The same for an archive that is open already."""
    if info.flag_bits & 1:
        raise Unreadable("the archive is encrypted")
    with reading():
        archive.seek(_data_start(archive, info))
        with zipfile.ZipExtFile(archive, "r", info) as data:
            yield cast(BinaryIO, data)


@contextmanager
def reading() -> Iterator[None]:
    """Turns what a damaged archive raises into `Unreadable`."""
    try:
        yield
    except _BROKEN as error:
        raise Unreadable(f"the archive is damaged ({error})") from error


def plain_start(path: Path, info: zipfile.ZipInfo) -> int:
    """The offset in the file at which an uncompressed member's bytes begin."""
    if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
        raise Unreadable(f"member `{info.filename}` is compressed, where this format stores it plain")
    with path.open("rb") as stream:
        start = _data_start(stream, info)
    if start + info.file_size > path.stat().st_size:
        raise Unreadable("the file is cut off")
    return start


def _data_start(stream: BinaryIO, info: zipfile.ZipInfo) -> int:
    stream.seek(info.header_offset)
    header = stream.read(30)
    if len(header) != 30 or header[:4] != b"PK\x03\x04":
        raise Unreadable("the archive is damaged (a member's header is missing)")
    return info.header_offset + 30 + int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")


def _check_directory(path: Path) -> None:
    """Refuse a central directory that zipfile would need hundreds of megabytes for."""
    with path.open("rb") as stream:
        end = stream.seek(0, 2)
        stream.seek(max(0, end - 66_000))
        tail = stream.read()
    at, at_64 = tail.rfind(_END), tail.rfind(_END_64)
    if at < 0 or at + 22 > len(tail):
        raise Unreadable("it is not a zip archive, or it is cut off")
    size = int.from_bytes(tail[at + 12 : at + 16], "little")
    if at_64 >= 0:
        size = max(size if size != 0xFFFFFFFF else 0, int.from_bytes(tail[at_64 + 40 : at_64 + 48], "little"))
    if size > MAX_HEADER:
        raise Unreadable(f"the archive's directory takes {size} bytes")
