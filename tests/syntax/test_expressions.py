import pytest
from excerpt import expression, statement

EXPRESSIONS = {
    # numbers, sizes, texts
    "61_706": "61706",
    "1e-5": "1e-05",
    ".5": "0.5",
    "1.": "1.0",
    "1_000.5e2": "100050.0",
    "3x3": "<3 3>",
    "64x_x_": "<64 _ _>",
    "3xHxW": "<3 H W>",
    "1_000x2": "<1000 2>",
    r'"a\tb\"\u00e9"': repr('a\tb"é'),
    "'it is'": "'it is'",
    "true": "True",
    # operators, loosest first
    "1 if a else 2 if b else 3": "Conditional(test=a, then=1, orelse=Conditional(test=b, then=2, orelse=3))",
    "a or b and not c == d": "(a or (b and (not (c == d))))",
    "1 - 2 - 3": "((1 - 2) - 3)",
    "1 + 2 * 3": "(1 + (2 * 3))",
    "7 // 2 % 3": "((7 // 2) % 3)",
    "-2 ** 2": "(- (2 ** 2))",
    "2 ** 3 ** -1": "(2 ** (3 ** (- 1)))",
    "(1 + 2) * 3": "((1 + 2) * 3)",
    # names and what hangs on them
    "in.channels": "Attribute(value=in, name=channels)",
    "depths[0][i]": "Index(value=Index(value=depths, index=0), index=i)",
    "depths[1:]": "Slice(value=depths, start=1)",
    "a[:-1][i:j]": "Slice(value=Slice(value=a, stop=(- 1)), start=i, stop=j)",
    "round_to(x, 8,)": "Call(function=round_to, args=[x, 8])",
    # lists and tuples mean the same; a single value in ( ) is no list
    "[1, [2, 3],]": "[1, [2, 3]]",
    "(1, 7)": "[1, 7]",
    "(1,)": "[1]",
    "()": "[]",
    "[c, _, _]": "[c, _, _]",
    "[2 * x for x in xs]": "Comprehension(item=(2 * x), targets=[x], iterable=xs)",
    "[i for i, x in xs if x and i]": "Comprehension(item=i, targets=[i, x], iterable=xs, test=(x and i))",
    "[[x for x in y]\n for y in ys]": (
        "Comprehension(item=Comprehension(item=x, targets=[x], iterable=y), targets=[y], iterable=ys)"
    ),
    "[1,\n  2 # two\n  , 3\n]": "[1, 2, 3]",
}


@pytest.mark.parametrize(("text", "tree"), EXPRESSIONS.items())
def test_expressions(text: str, tree: str) -> None:
    assert expression(text) == tree


SHAPES = {
    "16x10x10": "<16 10 10>",
    "10": "10",
    "HxWx3": "<H W 3>",
    "_x_x64": "<_ _ 64>",
    "cxhxw": "<c h w>",
    "[c, _, _]": "[c, _, _]",
    "2 * c": "(2 * c)",
    # names with an `x` that are no size
    "extra": "extra",
    "box": "box",
    "axb": "axb",
}


@pytest.mark.parametrize(("text", "tree"), SHAPES.items())
def test_a_name_that_reads_like_a_size_is_one_in_the_place_of_a_shape(text: str, tree: str) -> None:
    assert statement(f"conv 3 -> {text}") == f"Operation(name=conv, args=[3], shape={tree})"


def test_elsewhere_it_stays_a_name() -> None:
    assert expression("HxW") == "HxW"
