"""Generate books of any size from a seed: pages of prose, and notebooks that compute and draw."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml

_VOCABULARY = """
bucket cluster chunk store array dataset server image region worker ocean model year month grid mean slope reads
writes opens keeps draws counts moves finds joins lists holds starts ends the a each every this that its one two
three from into over under beside before after with without and or but so then here there often
"""
_WORDS = _VOCABULARY.split()
_PARAGRAPHS, _SENTENCES, _SECTIONS = 3, 4, 4
# The code cell that ``Book.edit`` changes begins with this.
_STEP = "STEP = "
# The code cells of a notebook, each with its output. They import, compute and draw about as much as one of the guide.
_CELLS = (
    (
        "import shutil\nimport tempfile\nfrom pathlib import Path\n\nimport matplotlib.pyplot as plt\n"
        "import numpy as np\nimport pandas as pd\nimport xarray as xr\n\nplt.switch_backend('agg')",
        "",
    ),
    (
        "{step}{number}\nrng = np.random.default_rng(STEP)\ntime = pd.date_range('2000-01-01', periods=730)\n"
        "lat, lon = np.linspace(-60, 60, 80), np.linspace(0, 358, 120)\n"
        "noise = rng.standard_normal((time.size, lat.size, lon.size), dtype='float32')\n"
        "sst = xr.DataArray(15 + noise, dict(time=time, lat=lat, lon=lon), name='sst')\nprint(dict(sst.sizes))",
        "{'time': 730, 'lat': 80, 'lon': 120}\n",
    ),
    (
        "months = sst.groupby('time.month').mean()\nanomaly = sst.groupby('time.month') - months\n"
        "smooth = anomaly.rolling(time=30, center=True).mean()\ntrend = smooth.mean(['lat', 'lon'])\n"
        "print(months.sizes['month'], 'months')",
        "12 months\n",
    ),
    (
        "folder = Path(tempfile.mkdtemp())\nstore = folder / 'sst.zarr'\n"
        "sst.to_dataset().chunk(time=146).to_zarr(store, consolidated=False)\n"
        "again = xr.open_zarr(store, consolidated=False).sst\nprint(bool((again == sst).all()))",
        "True\n",
    ),
    (
        "fig, axes = plt.subplots(1, 2, figsize=(10, 4))\ntrend.plot(ax=axes[0])\nmonths[0].plot(ax=axes[1])\n"
        "fig.savefig(folder / 'sst.png')\nplt.close(fig)\nprint(len(axes), 'drawings')",
        "2 drawings\n",
    ),
    ("shutil.rmtree(folder)", ""),
)


@dataclass(frozen=True)
class Book:
    """A book with so many ``pages`` of prose and ``notebooks`` besides its first page."""

    pages: int
    notebooks: int
    seed: int = 1

    def __str__(self) -> str:
        return f"{self.notebooks} notebooks" if self.notebooks else f"{self.pages} pages"

    @property
    def names(self) -> list[str]:
        """The names of its files in order, without the first page and without suffixes."""
        pages = [f"book/page-{number:03d}" for number in range(self.pages)]
        return pages + [f"notebooks/notebook-{number:03d}" for number in range(self.notebooks)]

    def write(self, folder: Path, printed: bool) -> None:
        """Write its sources into ``folder``, with the outputs of the notebooks' cells if ``printed``."""
        for name in ("book", "notebooks"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        toc = {"format": "jb-book", "root": "book/index", "chapters": [{"file": name} for name in self.names]}
        (folder / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False), encoding="utf-8")
        chance = random.Random(self.seed)  # noqa: S311 - reproducible, not secret
        (folder / "book" / "index.md").write_text(_prose("A book", chance), encoding="utf-8")
        for number in range(self.pages):
            text = _prose(f"Page {number}", chance)
            (folder / "book" / f"page-{number:03d}.md").write_text(text, encoding="utf-8")
        for number in range(self.notebooks):
            nbformat.write(_notebook(number, chance, printed), folder / "notebooks" / f"notebook-{number:03d}.ipynb")

    def code(self) -> str:
        """Return the cells of the last notebook as one program."""
        cells = _notebook(self.notebooks - 1, random.Random(self.seed), False).cells  # noqa: S311 - as in write
        return "\n".join(cell.source for cell in cells if cell.cell_type == "code")

    def edit(self, folder: Path) -> None:
        """Change the last page as an author does: a cell of a notebook, which must run again, or a sentence."""
        path = folder / (f"{self.names[-1]}.ipynb" if self.notebooks else f"{self.names[-1]}.md")
        text = path.read_text(encoding="utf-8")
        text = text.replace(_STEP, f"{_STEP}1000 + ", 1) if self.notebooks else f"{text}\nOne more sentence.\n"
        path.write_text(text, encoding="utf-8")


def _prose(title: str, chance: random.Random) -> str:
    lines = [f"# {title}", ""]
    for section in range(_SECTIONS):
        lines += [*(_paragraph(chance) + "\n" for _ in range(_PARAGRAPHS)), f"## Part {section} of {title}", ""]
        lines += [f"- {_sentence(chance)}" for _ in range(3)] + [""]
        lines += ["| name | value |", "|---|---|", *(f"| {chance.choice(_WORDS)} | {row} |" for row in range(3)), ""]
    return "\n".join([*lines, _paragraph(chance), ""])


def _paragraph(chance: random.Random) -> str:
    return " ".join(_sentence(chance) for _ in range(_SENTENCES))


def _sentence(chance: random.Random) -> str:
    return " ".join(chance.choices(_WORDS, k=chance.randint(6, 14))).capitalize() + "."


def _notebook(number: int, chance: random.Random, printed: bool) -> nbformat.NotebookNode:
    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    book.cells.append(nbformat.v4.new_markdown_cell(f"# Notebook {number}\n\n{_paragraph(chance)}"))
    for place, (source, output) in enumerate(_CELLS):
        source = source.replace("{step}", _STEP).replace("{number}", str(number))
        cell = nbformat.v4.new_code_cell(source)
        if printed and output:
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=output)]
        book.cells += [cell, nbformat.v4.new_markdown_cell(f"## Step {place}\n\n{_paragraph(chance)}")]
    for place, cell in enumerate(book.cells):  # nbformat gives cells random ids
        cell.id = f"cell-{place}"
    return book
