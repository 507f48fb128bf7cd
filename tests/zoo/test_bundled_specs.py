"""Every bundled spec is right, says so itself, and survives JSON."""

import pytest
from bundled import SPECS, outcome

from specc.data import specs_folder
from specc.ir.graph import Graph


@pytest.mark.parametrize("spec", SPECS)
def test_spec_has_models_and_no_findings(spec):
    assert outcome(spec).models
    assert [d.code for d in outcome(spec).diagnostics] == []  # `# allow` comments say what is meant, and why


@pytest.mark.parametrize("spec", SPECS)
def test_every_model_says_what_it_is_and_expects_something(spec):
    text = (specs_folder() / f"{spec}.cnn").read_text(encoding="utf-8")
    assert "expect " in text
    assert all(m.graph.doc for m in outcome(spec).models)
    assert text.startswith("# ")  # `specc zoo` lists this line


@pytest.mark.parametrize("spec", SPECS)
def test_graphs_survive_json(spec):
    for checked in outcome(spec).models:
        assert Graph.model_validate_json(checked.graph.model_dump_json()) == checked.graph


def test_all_specs_are_seen():
    """So that the tests above cannot pass by looking at nothing."""
    assert len(SPECS) == 25
    assert sum(len(outcome(spec).models) for spec in SPECS) == 61
