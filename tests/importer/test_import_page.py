"""docs/import.md says what the importer's tables say."""

from import_page import PAGE, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tests.importer.import_page`"
