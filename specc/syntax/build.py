"""The AST, built inside the LALR parser: one method per rule of the grammar, named after it.

The parser keeps its own stacks and calls these methods bottom-up, so nothing here recurses on depth.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from specc.source import Span
from specc.syntax import ast
from specc.syntax.expressions import ExpressionBuilder

Children: TypeAlias = list[Any]


@ast.node
class Body:
    """Statements between braces."""

    span: Span
    statements: tuple[ast.Statement, ...]


@ast.node
class Branches:
    """Alternatives between braces."""

    span: Span
    statements: tuple[ast.Alternative, ...]


class Labels(tuple[ast.Name, ...]):
    """The names before `:`."""


class Arguments(tuple[ast.Argument, ...]):
    """What follows the name of an operation."""


@ast.node
class CallArguments:
    """What stands between the brackets of a call."""

    span: Span
    items: tuple[ast.Argument, ...]


class Parameters(tuple[ast.Parameter, ...]):
    """The parameters of a model or block."""


class Shortcut(Body):
    """The body behind `shortcut`."""


class Else(Body):
    """What follows `else`: the statements of its body, or an `If` alone."""


@ast.node
class Shape:
    """What stands behind `->`."""

    value: ast.Expr

    @property
    def span(self) -> Span:
        return self.value.span


@ast.node
class Tolerance:
    """`within 1%`."""

    span: Span
    value: ast.Expr


class Builder(ExpressionBuilder):
    """Builds a `File` from what the parser has recognised; `begin` it with each new source."""

    # ------------------------------------------------------------ top level

    def start(self, items: Children) -> ast.File:
        return ast.File(self.span(self.source, 0, len(self.source.text)), tuple(items))

    def import_item(self, children: Children) -> ast.Import:
        keyword, what, *alias = children
        end = alias[0] if alias else what
        path = self.text([what]) if what.kind == "STRING" else None
        module = self.id(what) if path is None else None
        return ast.Import(self.between(keyword, end), path, module, self.id(alias[0]) if alias else None)

    def block(self, children: Children) -> ast.Block:
        keyword, name, *parameters, body = children
        return ast.Block(
            self.upto(keyword, body),
            self.id(name),
            tuple(parameters[0]) if parameters else (),
            body.statements,
            self.doc(keyword),
        )

    def model(self, children: Children) -> ast.Model:
        keyword, name, *parameters, body = children
        return ast.Model(
            self.upto(keyword, body),
            self.id(name),
            tuple(parameters[0]) if parameters else (),
            body.statements,
            self.doc(keyword),
        )

    def derived(self, children: Children) -> ast.Derived:
        keyword, name, base, *rest = children
        arguments = next((part.items for part in rest if isinstance(part, CallArguments)), ())
        body = next((part.statements for part in rest if isinstance(part, Body)), ())
        span = self.upto(keyword, rest[-1] if rest else base)
        return ast.Derived(span, self.id(name), base, arguments, body, self.doc(keyword))

    def base(self, names: Children) -> ast.Expr:
        value: ast.Expr = self.id(names[0])
        for name in names[1:]:
            value = self.attribute([value, name])
        return value

    def parameters(self, items: Children) -> Parameters:
        return Parameters(items)

    def parameter(self, children: Children) -> ast.Parameter:
        name, *default = children
        span = self.upto(name, default[0]) if default else self.at(name)
        return ast.Parameter(span, self.id(name), default[0] if default else None, self.doc(name))

    # ------------------------------------------------------------ statements

    def body(self, children: Children) -> Body:
        statements = tuple(children[1:-1])
        return Body(self.between(children[0], children[-1]), statements)

    def operation(self, children: Children) -> ast.Operation:
        labels: tuple[ast.Name, ...] = ()
        args: tuple[ast.Argument, ...] = ()
        branches: tuple[ast.Alternative, ...] | None = None
        shape: ast.Expr | None = None
        last = children[-1]
        first = children[0]
        if type(first) is Labels:
            labels = tuple(first)
            first, name = first[0], children[1]
        else:
            name = first
        for part in children:
            kind = type(part)
            if kind is Arguments:
                args = tuple(part)
            elif kind is Branches:
                branches = part.statements
            elif kind is Shape:
                shape = part.value
        end = last[-1] if type(last) is Arguments else last
        span = self.span(self.source, first.span.start, end.span.end)
        node = ast.Operation(span, labels, name, args, branches, shape)
        if branches:
            self.nest(node, branches)
        return node

    def path(self, names: Children) -> ast.Name:
        if len(names) == 1:
            return self.id(names[0])
        return ast.Name(self.between(names[0], names[-1]), ".".join(name.value for name in names))

    def labels(self, names: Children) -> Labels:
        return Labels(map(self.id, names))

    def arguments(self, items: Children) -> Arguments:
        return Arguments(items)

    def call_arguments(self, children: Children) -> CallArguments:
        *items, closing = children
        return CallArguments(self.at(closing), tuple(items))

    def positional_argument(self, children: Children) -> ast.Argument:
        value = children[0]
        return ast.Argument(value.span, None, value)

    def named_argument(self, children: Children) -> ast.Argument:
        key, value = children
        return ast.Argument(self.upto(key, value), self.id(key), value)

    def branches(self, children: Children) -> Branches:
        return Branches(self.between(children[0], children[-1]), tuple(children[1:-1]))

    def branch(self, children: Children) -> ast.Branch:
        label = self.only_label(children)
        keyword, *second, body = children
        if second and label is not None:
            raise self.second_label(self.at(second[0]))
        start = label.span.start if label else keyword.start
        name = self.id(second[0]) if second else label
        span = self.span(self.source, start, body.span.end)
        return self.nest(ast.Branch(span, name, body.statements), body.statements)

    def shape(self, children: Children) -> Shape:
        return Shape(self.as_shape(children[0]))

    def residual(self, children: Children) -> ast.Residual:
        labels = children.pop(0) if isinstance(children[0], Labels) else ()
        keyword, *parts = children
        span = self.span(self.source, labels[0].span.start if labels else keyword.start, parts[-1].span.end)
        body = next(part for part in parts if type(part) is Body)
        shortcut = next((part.statements for part in parts if type(part) is Shortcut), None)
        node = ast.Residual(
            span,
            self.at(keyword),
            tuple(labels),
            next((tuple(part) for part in parts if type(part) is Arguments), ()),
            body.statements,
            shortcut,
            next((part.value for part in parts if type(part) is Shape), None),
        )
        return self.nest(node, body.statements + (shortcut or ()))

    def shortcut(self, children: Children) -> Shortcut:
        body = children[0]
        return Shortcut(body.span, body.statements)

    def let(self, children: Children) -> ast.Let:
        keyword, name, value = children
        return ast.Let(self.upto(keyword, value), self.id(name), value)

    def if_statement(self, children: Children) -> ast.If:
        keyword, test, then, *rest = children
        orelse = rest[0].statements if rest else ()
        node = ast.If(self.upto(keyword, rest[0] if rest else then), test, then.statements, orelse)
        return self.nest(node, then.statements + orelse)

    def else_part(self, children: Children) -> Else:
        part = children[0]
        return Else(part.span, part.statements if isinstance(part, Body | Branches) else (part,))

    def for_statement(self, children: Children) -> ast.For:
        label = self.only_label(children)
        shape = self.closing_shape(children)
        keyword, *targets, iterable, body = children
        span = self.looped(label, keyword, body, shape)
        names = tuple(map(self.id, targets))
        node = ast.For(span, label, self.at(keyword), names, iterable, body.statements, shape)
        return self.nest(node, body.statements)

    def repeat(self, children: Children) -> ast.Repeat:
        label = self.only_label(children)
        shape = self.closing_shape(children)
        keyword, count, body = children
        span = self.looped(label, keyword, body, shape)
        return self.nest(ast.Repeat(span, label, self.at(keyword), count, body.statements, shape), body.statements)

    def looped(self, label: ast.Name | None, keyword: Any, body: Any, shape: ast.Expr | None) -> Span:
        start = label.span.start if label else keyword.start
        return self.span(self.source, start, (body if shape is None else shape).span.end)

    def closing_shape(self, children: Children) -> ast.Expr | None:
        """Take `-> shape` off `children`."""
        return children.pop().value if isinstance(children[-1], Shape) else None

    def only_label(self, children: Children) -> ast.Name | None:
        """Take the labels off `children`; a loop has at most one."""
        if not isinstance(children[0], Labels):
            return None
        first: ast.Name
        first, *others = children.pop(0)
        if others:
            raise self.second_label(others[0].span)
        return first

    def input_statement(self, children: Children) -> ast.Input:
        keyword, name, shape, *rest = children
        args = tuple(rest[0]) if rest else ()
        span = self.upto(keyword, args[-1] if args else shape)
        return ast.Input(span, self.id(name), self.as_shape(shape), args, self.doc(keyword))

    def output_statement(self, children: Children) -> ast.Output:
        keyword, name, *rest = children
        args = tuple(rest[0]) if rest else ()
        span = self.upto(keyword, args[-1]) if args else self.between(keyword, name)
        return ast.Output(span, self.id(name), args)

    def expect(self, children: Children) -> ast.Expect:
        keyword, claim, *rest = children
        span = self.upto(keyword, rest[0] if rest else claim)
        return ast.Expect(span, claim, rest[0].value if rest else None)

    def claim(self, children: Children) -> ast.Binary:
        left, sign, right = children
        if getattr(left, "kind", "") == "OUTPUT":
            left, right = self.id(left), self.as_shape(right)
        return self.binary([left, sign, right])

    def tolerance(self, children: Children) -> Tolerance:
        value, *percent = children
        if not percent:
            return Tolerance(value.span, value)
        span = self.span(self.source, value.span.start, percent[0].end)
        if isinstance(value, ast.Number):
            return Tolerance(span, ast.Number(span, value.value / 100))
        return Tolerance(span, ast.Binary(span, "/", value, ast.Number(span, 100)))
