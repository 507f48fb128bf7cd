"""The half of the AST builder that makes expressions, and the places and depths that both halves need."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TypeAlias, TypeVar

from specc.diagnostics import Diagnostic
from specc.limits import Limits, raising
from specc.source import Source, Span
from specc.syntax import ast
from specc.syntax.lalr import Token
from specc.syntax.lexing import SyntaxFault, docs, too_deep

Children: TypeAlias = list[Any]
Node = TypeVar("Node", bound="ast.Expr | ast.Statement")

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))")
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}
_SIZE_PART = re.compile(r"_|[0-9]+|[A-Z][A-Za-wyz0-9_]*|[a-wyz]")
_LOWER_PAIR = re.compile(r"[a-wyz]x[a-wyz]")


class ExpressionBuilder:
    """`span` makes the places of nodes."""

    def __init__(self, span: type[Span] = Span) -> None:
        self.span = span
        self.begin(Source("", ""), Limits())

    def begin(self, source: Source, limits: Limits) -> None:
        """Forget the last file and turn to `source`."""
        self.source = source
        self.limits = limits
        self._docs = docs(source)
        self._depth: dict[int, int] = {}  # of the nodes that have children, by identity; all others have depth 0

    # ------------------------------------------------------------ places and depths

    def at(self, token: Token) -> Span:
        return self.span(self.source, token.start, token.end)

    def between(self, first: Token, last: Token) -> Span:
        return self.span(self.source, first.start, last.end)

    def upto(self, first: Token, last: Any) -> Span:
        """From a token to the end of a node."""
        return self.span(self.source, first.start, last.span.end)

    def id(self, token: Token) -> ast.Name:
        return ast.Name(self.at(token), token.value)

    def doc(self, token: Token) -> str:
        """The `##` lines above `token`."""
        return self._docs.get(token.start, "")

    def nest(self, node: Node, children: Iterable[object]) -> Node:
        """Record that `node` is one deeper than the deepest of `children`.  Raises `SyntaxFault` (E0106)."""
        depths = self._depth
        depth = 1 + max((depths.get(id(child), 0) for child in children), default=0)
        if depth > self.limits.nesting:
            start = node.span.start
            what = "operators" if hasattr(node, "operator") else "statements or values"
            raise SyntaxFault(too_deep(self.span(self.source, start, start + 1), what, self.limits))
        depths[id(node)] = depth
        return node

    def fault(self, code: str, message: str, span: Span, label: str, help: str | None = None) -> SyntaxFault:
        return SyntaxFault(Diagnostic(code, message, span, label, help=help))

    def second_label(self, span: Span) -> SyntaxFault:
        return self.fault("E0101", "more than one label", span, "only an operation with several results has several")

    # ------------------------------------------------------------ operators

    def conditional(self, children: Children) -> ast.Expr:
        then, test, orelse = children
        span = self.span(self.source, then.span.start, orelse.span.end)
        return self.nest(ast.Conditional(span, test, then, orelse), children)

    def binary(self, children: Children) -> ast.Binary:
        left, sign, right = children
        node = ast.Binary(self.span(self.source, left.span.start, right.span.end), sign.value, left, right)
        self.nest(node, children)
        return node

    def unary(self, children: Children) -> ast.Expr:
        sign, operand = children
        return self.nest(ast.Unary(self.upto(sign, operand), sign.value, operand), children)

    def attribute(self, children: Children) -> ast.Expr:
        value, name = children
        span = self.span(self.source, value.span.start, name.end)
        return self.nest(ast.Attribute(span, value, self.id(name)), children)

    def index(self, children: Children) -> ast.Expr:
        value, index, closing = children
        return self.nest(ast.Index(self.span(self.source, value.span.start, closing.end), value, index), children)

    def slice(self, children: Children) -> ast.Expr:
        value, *bounds, closing = children
        colon = next(i for i, part in enumerate(bounds) if isinstance(part, Token))
        start, stop = (part[0] if part else None for part in (bounds[:colon], bounds[colon + 1 :]))
        span = self.span(self.source, value.span.start, closing.end)
        return self.nest(ast.Slice(span, value, start, stop), [part for part in (value, start, stop) if part])

    def call(self, children: Children) -> ast.Expr:
        function, *items, closing = children
        named = tuple(item for item in items if isinstance(item, ast.Argument))
        args = tuple(item for item in items if not isinstance(item, ast.Argument))
        inner = [item.value if isinstance(item, ast.Argument) else item for item in items]
        return self.nest(ast.Call(self.between(function, closing), self.id(function), args, named), inner)

    def sequence(self, children: Children) -> ast.Expr:
        opening, *items, closing = children
        return self.nest(ast.List(self.between(opening, closing), tuple(items)), items)

    def comprehension(self, children: Children) -> ast.Expr:
        opening, item, _, *rest, closing = children
        targets = tuple([self.id(part) for part in rest if isinstance(part, Token) and part.kind == "NAME"])
        iterable, *condition = rest[len(targets) :]
        test = condition[1] if condition else None
        node = ast.Comprehension(self.between(opening, closing), item, targets, iterable, test)
        return self.nest(node, [part for part in (item, iterable, test) if part])

    def group(self, children: Children) -> ast.Expr:
        value: ast.Expr = children[1]
        return value

    # ------------------------------------------------------------ atoms

    def number(self, children: Children) -> ast.Number:
        token = children[0]
        return ast.Number(self.at(token), self._number(token))

    def _number(self, token: Token) -> int | float:
        text = token.value
        if len(text) > self.limits.digits:
            raise self._too_long(self.at(token))
        if text.isdigit():
            if text[0] == "0" and len(text) > 1:
                raise self._zero_first(token)
            return int(text)
        digits = text.replace("_", "")
        if digits.isdigit():
            return int(digits)
        value = float(digits)
        if value == float("inf"):
            raise self.fault("E0105", "number too large", self.at(token), "no such floating-point number")
        return value

    def _zero_first(self, token: Token) -> SyntaxFault:
        """`1,000`, of which the second part would be 0, and `007`."""
        above = self.source.text[max(token.start - 20, 0) : token.start]
        whole = re.search(r"(?<![\w.,])\d{1,3}(,\d{3})*,$", above)
        if whole is not None and len(token.value) == 3:
            help = f"a comma parts items and arguments: the number is `{whole[0].replace(',', '_')}{token.value}`"
        else:
            help = f"without zeros in front it is `{int(token.value)}`"
        return self.fault("E0105", f"`{token.value}` begins with a zero", self.at(token), "", help)

    def _too_long(self, span: Span) -> SyntaxFault:
        message = f"a number of more than {self.limits.digits:_} digits"
        return self.fault("E0105", message, span, "", help=raising("digits"))

    def size(self, children: Children) -> ast.Size:
        token = children[0]
        return self._size(self.at(token), token.value)

    def _size(self, span: Span, text: str) -> ast.Size:
        if len(text) > self.limits.digits:
            raise self._too_long(span)
        return ast.Size(span, _size_parts(text))

    def text(self, children: Children) -> ast.Text:
        token = children[0]
        inside = token.value[1:-1]
        if "\\" in inside:
            inside = _ESCAPE.sub(lambda match: self._unescape(match, token), inside)
        return ast.Text(self.at(token), inside)

    def _unescape(self, match: re.Match[str], token: Token) -> str:
        wide, narrow, plain = match.groups()
        code = int(wide or narrow or "d800", 16)
        if not 0xD800 <= code < 0xE000:
            return chr(code)
        if plain in _PLAIN:
            return _PLAIN[plain]
        start = token.start + 1 + match.start()
        span = self.span(self.source, start, start + 2)
        help = r"a backslash itself is written `\\`; there are also `\n`, `\t`, `\"`, `\u00e9`"
        if self.source.text[: token.start].rstrip(" \t").endswith("import"):
            help = f"folders and files are parted by `/`: `import {token.value.replace(chr(92), '/')}`"
        raise self.fault("E0101", f"unknown escape `{match[0]}` in a string", span, "no such escape", help)

    def truth(self, children: Children) -> ast.Bool:
        token = children[0]
        return ast.Bool(self.at(token), token.kind == "TRUE")

    def name(self, children: Children) -> ast.Name:
        return self.id(children[0])

    def as_shape(self, value: ast.Expr) -> ast.Expr:
        """A name in the place of a shape is a `Size` if it reads like one: `HxWx3`, `_x_x64`, `cxhxw`.

        Its parts between the `x` are then numbers, `_`, capitalised names or single letters; `extra` and `box`
        stay names, and so does a lone pair such as `axb`.
        """
        if not isinstance(value, ast.Name) or "x" not in value.id or _LOWER_PAIR.fullmatch(value.id):
            return value
        if not all(_SIZE_PART.fullmatch(part) for part in value.id.split("x")):
            return value
        return self._size(value.span, value.id)


def _size_parts(text: str) -> tuple[int | str, ...]:
    return tuple(int(part.replace("_", "")) if part[0].isdigit() else part for part in text.split("x"))
