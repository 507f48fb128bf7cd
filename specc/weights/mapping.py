r"""Mapping files: rules that turn the names in a weights file into the model's.

One rule a line, `pattern -> name`: a regular expression (Python's `re`) that must match the whole name, and what it
becomes, with `\1` for what the first group matched.  An empty right side leaves the tensor out.  The first rule that
matches counts; a name that none matches stays as it is.  `#` starts a comment.

    # torchvision's ResNet
    layer(\d)\.(\d+)\.conv(\d)\.(.*) -> stage\1.\2.conv\3.\4
    .*\.num_batches_tracked          ->
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from specc.diagnostics import Diagnostic
from specc.source import Source, Span
from specc.weights.tensors import Tensor


@dataclass(frozen=True)
class Rule:
    """`pattern -> name`, and the place where it stands."""

    pattern: re.Pattern[str]
    name: str
    span: Span


def parse_rules(source: Source) -> tuple[tuple[Rule, ...], tuple[Diagnostic, ...]]:
    """The rules of a mapping file; E0804 for every line that is none."""
    rules: list[Rule] = []
    problems: list[Diagnostic] = []
    start = 0
    for line in source.text.splitlines(keepends=True):
        text = line.split("#", 1)[0].rstrip()
        span = Span(source, start, start + max(1, len(text)))
        start += len(line)
        if not text.strip():
            continue
        rule = _rule(text, span)
        if isinstance(rule, Rule):
            rules.append(rule)
        else:
            problems.append(rule)
    return tuple(rules), tuple(problems)


def write_rules(names: Mapping[str, str], without: Iterable[str] = ()) -> str:
    """A mapping file that gives each name of `names` its value: one rule for a layer whose tensors keep the last part
    of their names, else one for each tensor; the tensors `without` a place are left out, whatever they are called.
    Without names it says that there are none."""
    left_out = [name for name in dict.fromkeys(without) if name not in names]
    if not names and not left_out:
        return "# no names are known\n"
    layers: dict[tuple[str, str], list[str]] = {}
    for theirs, ours in names.items():
        (layer, _, last), (target, _, own) = theirs.rpartition("."), ours.rpartition(".")
        layers.setdefault((layer, target) if layer and target and last == own else (theirs, ""), []).append(theirs)
    lines = []
    for (layer, target), members in layers.items():
        if target:
            last = "|".join(re.escape(name.rpartition(".")[2]) for name in members)
            lines.append((rf"{re.escape(layer)}\.({last})", rf"{target}.\1"))
        else:
            lines.append((re.escape(layer), names[layer]))
    lines += [(re.escape(name), "") for name in left_out]
    width = max((len(pattern) for pattern, _ in lines), default=0)
    return "".join(f"{pattern:<{width}} -> {name}".rstrip() + "\n" for pattern, name in lines)


def rules_of(tensors: Mapping[str, Tensor]) -> str:
    """The mapping file by which weights that are called as in the network that an ONNX file was exported from fit the
    tensors read from that file, by the names of the model; what such a tensor is computed from is left out."""
    names = {tensor.source: name for name, tensor in tensors.items() if tensor.source}
    return write_rules(names, (name for tensor in tensors.values() for name in tensor.computed_from))


def rename(rules: Iterable[Rule], names: Iterable[str]) -> tuple[dict[str, str], tuple[Diagnostic, ...]]:
    """The new name for each of `names`, those left out not among them; E0804 for each that several would have."""
    rules = tuple(rules)
    result: dict[str, str] = {}
    called: dict[str, list[str]] = {}
    by: dict[str, Rule] = {}
    for name in names:
        new, rule = _first(rules, name)
        if new:
            result[name] = new
            called.setdefault(new, []).append(name)
            by.update({new: rule} if rule else {})
    return result, tuple(_ambiguous(new, several, by) for new, several in called.items() if len(several) > 1)


def _ambiguous(new: str, several: Sequence[str], by: Mapping[str, Rule]) -> Diagnostic:
    first, second, *others = (f"`{name}`" for name in several)
    all_of_them = f"{first}, {second} and {len(others)} more all" if others else f"{first} and {second} both"
    return Diagnostic("E0804", f"{all_of_them} become `{new}`", span=by[new].span if new in by else None)


def idle(rules: Iterable[Rule], names: Iterable[str]) -> tuple[Diagnostic, ...]:
    """W0305 for every rule that is the first to match none of `names`."""
    rules, names = tuple(rules), tuple(names)
    used = {rule for _, rule in (_first(rules, name) for name in names)}
    return tuple(_idle(rule, names) for rule in rules if rule not in used)


def _idle(rule: Rule, names: Iterable[str]) -> Diagnostic:
    text = rule.span.text.strip()
    hidden = any(rule.pattern.fullmatch(name) for name in names)
    why = "all names that it matches are taken by rules above it" if hidden else "no tensor of the file has such a name"
    message = f"the rule `{text}` renames nothing: {why}"
    return Diagnostic("W0305", message, span=rule.span)


def _rule(text: str, span: Span) -> Rule | Diagnostic:
    pattern, arrow, name = (part.strip() for part in text.partition("->"))
    if not arrow or not pattern:
        return Diagnostic("E0804", "a rule is written `pattern -> name`", span=span)
    try:
        compiled = re.compile(pattern)
        _check_groups(compiled, name)
    except (re.error, IndexError, OverflowError, RecursionError) as error:
        return Diagnostic("E0804", f"the rule cannot be used: {error}", span=span)
    return Rule(compiled, name, span)


def _check_groups(pattern: re.Pattern[str], name: str) -> None:
    r"""Raise `re.error` where `name` speaks of a group, `\3`, that the pattern does not have."""
    sample = re.compile(f"(?:{pattern.pattern})|")
    found = sample.match("")
    if found:
        found.expand(name)


def _first(rules: tuple[Rule, ...], name: str) -> tuple[str, Rule | None]:
    for rule in rules:
        found = rule.pattern.fullmatch(name)
        if found:
            return found.expand(rule.name), rule
    return name, None
