"""`python -m specc.syntax.prebuild` writes the parser's tables down, so that starting specc needs no lark."""

from __future__ import annotations

from specc.syntax.tables import generate, prebuilt_file, write


def main() -> None:
    """Write the tables beside the grammar; `specc.syntax.tables.load` checks that they fit before it uses them."""
    write(generate(), prebuilt_file())


if __name__ == "__main__":
    main()
