"""The build step that pyproject.toml cannot express: the wheel carries notebooks and facts for ``fakehub lab``.

They come from their only place in the repository, which is outside the package.
"""

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

from fakehub.lab.material import sources, write_data  # noqa: E402 - the path must be set first


class BuildWithMaterial(build_py):
    """Builds the packages, and writes the notebooks and facts into ``fakehub.lab``."""

    def run(self) -> None:
        """Build into ``build_lib``; an editable install reads the sources."""
        super().run()
        if not self.editable_mode:
            write_data(ROOT, Path(self.build_lib) / "fakehub" / "lab" / "data")

    def get_source_files(self) -> list[str]:
        """Return what a source distribution must contain."""
        return [*super().get_source_files(), *sources(ROOT)]


setup(cmdclass={"build_py": BuildWithMaterial})
