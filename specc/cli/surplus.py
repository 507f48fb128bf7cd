"""Arguments that a command does not take, and those that were most likely meant."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Final

from specc.diagnostics.suggest import nearest

_FORMATS: Final = ("json", "jsonl", "csv", "npz", "markdown", "github")
_TYPES: Final = {"fp16": "float16", "half": "float16", "float16": "float16", "bf16": "bfloat16", "bfloat16": "bfloat16"}
_OTHER_WORDS: Final = {
    "--onnx": ("--model-file",),
    "--input": ("--image", "--images", "--file", "--files", "--data"),
    "--output": ("--out", "--save", "--dest"),
    "--weights": ("--checkpoint", "--ckpt", "--params", "--state-dict"),
    "--from": ("--weights", "--checkpoint", "--ckpt", "--params", "--state-dict"),
    "--deny-warnings": ("--strict", "--werror", "--fail-on-warnings"),
    "--device": ("--gpu", "--cuda", "--cpu"),
}
"""Options by what other programs call them."""


def refusal(
    surplus: Sequence[str], parser: argparse.ArgumentParser, takers: Callable[[str], Sequence[str]] = lambda _: ()
) -> str:
    """Why `parser` takes no `surplus`, the arguments that it leaves: about the first of them.

    `takers` are the commands that have an option.
    """
    word, *others = surplus
    if word == "->":
        return "`->` asserts the shape of a line, `conv 16, 3x3 -> 16x30x30`; `specc explain` takes words"
    known = {option for action in parser._actions for option in action.option_strings}
    if word.startswith("-"):
        option, _, value = word.partition("=")
        problem = f"there is no option `{option}`"
        if option in ("-o", "--output"):
            return f"{problem}: `> FILE` behind the command writes what it prints to a file"
        meant = _option_meant(option, value or next(iter(others), ""), known)
        if meant is None and (commands := takers(option)):
            listed = ", ".join(f"`specc {command}`" for command in commands)
            return f"{problem} here; {listed} {'has' if len(commands) == 1 else 'have'} it"
        meant = meant or (nearest(option, known) if len(option) > 2 else None)
    else:
        problem = f"`{word}` is one argument too many"
        meant = _file_meant(word, known)
    return f"{problem}; did you mean `{meant}`?" if meant else problem


def _file_meant(word: str, known: set[str]) -> str | None:
    if word.endswith(".onnx") and "--onnx" in known:
        return f"--onnx {word}"
    return f"--input {word}" if "--input" in known else None


def _option_meant(option: str, value: str, known: set[str]) -> str | None:
    """`--format json` for `--json`, `--dtype float16` for `--fp16` or `--format float16`."""
    word = option.lstrip("-").lower()
    if word in _FORMATS and "--format" in known:
        return f"--format {word}"
    dtype = _TYPES.get(word) or _TYPES.get(value)
    if dtype is not None and "--dtype" in known:
        return f"--dtype {dtype}"
    if word in ("gpu", "cuda") and "--device" in known:
        return "--device cuda"
    for ours, theirs in _OTHER_WORDS.items():
        if option in theirs and ours in known:
            return ours
    return None
