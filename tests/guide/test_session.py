"""What a page's session does with a block, where a broken page cannot show it."""

import pytest
from guide.blocks import read_page
from guide.session import run_page


@pytest.mark.parametrize("language", ["bash", "console", "python"])
def test_an_opted_out_block_does_not_run(tmp_path, language):
    home = tmp_path / "home"
    home.mkdir()
    source = {"bash": "touch ran", "console": "$ touch ran", "python": "open('ran', 'w').close()"}[language]
    (tmp_path / "page.md").write_text(f'```{language} skip="needs what is not here"\n{source}\n```\n')

    results, _ = run_page(read_page(tmp_path / "page.md", tmp_path), home, pytest.fail)

    assert [result["status"] for result in results] == ["skipped"]
    assert list(home.iterdir()) == []
