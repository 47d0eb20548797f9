"""Random combinations of what sources can be: copied bit for bit, or refused in one line if something is wrong.

``EXAMPLES=500`` sets their number; ``SEED=1`` draws others.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from corpus.combined import Recipe, make, recipes
from corpus.trial import Trial
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("EXAMPLES", "25"))
SEED = int(os.environ.get("SEED", "20261129"))
# Shrinking a failing example would take minutes, and a recipe is short.
PHASES = [Phase.explicit, Phase.generate]
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


def test_combinations(cloud):
    count = 0

    @seed(SEED)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, phases=PHASES, suppress_health_check=SLOW)
    @given(recipe=recipes(), remote=st.booleans())
    def run(recipe: Recipe, remote: bool) -> None:
        nonlocal count
        count += 1
        with tempfile.TemporaryDirectory(prefix="corpus-") as path:
            folder = Path(path)
            trial = Trial(cloud, folder, f"combination {SEED} {count}", remote, make(recipe, folder / "source"))
            trial.check_refused() if recipe.damage else trial.check_copied()

    run()
    assert count >= EXAMPLES
