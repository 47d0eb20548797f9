"""Every threat in CONTRIBUTING names a test that tries it."""

import ast
import re


def test_every_threat_has_a_test_that_exists(root):
    text = (root / "CONTRIBUTING.md").read_text().partition("### Threats\n")[2]
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| attack")]
    tests = [re.fullmatch(r"\| .+ \| .+ \| `(tests/[\w/]+\.py)::(test_\w+)` \|", row) for row in rows]

    assert len(rows) > 15 and all(tests), [row for row, test in zip(rows, tests, strict=True) if not test]
    for test in tests:
        names = {node.name for node in ast.walk(ast.parse((root / test[1]).read_text())) if hasattr(node, "name")}
        assert test[2] in names, f"{test[1]} has no {test[2]}"
