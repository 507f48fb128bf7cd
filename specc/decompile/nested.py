"""Branches within branches that a network repeats, such as the gates of its residuals: they become blocks first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from specc.decompile.blocks import Block, extract
from specc.decompile.forms import Form
from specc.decompile.items import Item, Join, Layer
from specc.decompile.lines import Chunk, Printer


def nested_blocks(printer: Printer, items: Sequence[Item], taken: set[str]) -> tuple[dict[str, str], tuple[Block, ...]]:
    """The calls in the place of branches, by their value, and the blocks that they call; `taken` are names in use."""
    leaves = [(_printed(printer, join), join, inside) for join, inside in _leaves(items, False)]
    wanted = {_shape(chunk) for chunk, _, inside in leaves if inside}
    found = [(chunk, join) for chunk, join, _ in leaves if _shape(chunk) in wanted and join.value not in printer.labels]
    chunks, blocks = extract(tuple(chunk for chunk, _ in found), taken, "", whole_only=True)
    pairs = zip(chunks, found, strict=True)
    return {join.value: chunk.lines[0].text for chunk, (_, join) in pairs if chunk.is_call}, blocks


def _printed(printer: Printer, join: Join) -> Chunk:
    (chunk,) = printer.chunks([join])
    return chunk


def _shape(chunk: Chunk) -> str:
    return Form(chunk.lines).skeleton


def _leaves(items: Sequence[Item], inside: bool) -> Iterator[tuple[Join, bool]]:
    """The branches without branches in them, and whether they stand in others."""
    for item in items:
        if isinstance(item, Join):
            if all(isinstance(part, Layer) for branch in item.branches for part in branch):
                yield item, inside
            for branch in item.branches:
                yield from _leaves(branch, True)
