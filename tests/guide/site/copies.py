"""What copy buttons must copy: the text that the runner feeds to a shell or a kernel, and nothing else."""

from __future__ import annotations

from guide.pages.blocks import Block
from guide.pages.transcripts import steps
from guide.run.shell import replay_transcript


class _Recorder:
    """A shell that runs nothing and records what it is asked to run."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def run(self, source: str) -> tuple[int, str]:
        self.ran.append(source)
        return 0, ""


def ran(block: Block) -> list[str | None]:
    """Return, for each frame of ``block``, the text that ran there; ``None`` if nothing can be pasted as it is."""
    if block.language != "console" or block.kind != "run":
        return [block.source.strip("\n")]
    if len(block.on) == 1:
        shell = _Recorder()
        replay_transcript(shell, block.source)
        return ["\n".join(shell.ran)]
    frames: list[tuple[str, list[str]]] = []
    for step in steps(block.source, set(block.on)):
        if not frames or frames[-1][0] != step.machine:
            frames.append((step.machine, []))
        if step.is_command and "..." not in step.text:
            frames[-1][1].append(step.text)
    return ["\n".join(typed) or None for _, typed in frames]


def wrong_copies(copied: list[str | None], blocks: tuple[Block, ...]) -> list[str]:
    """Return a line for each button that copies something else than what ran, and for a button too many or too few."""
    expected = [text for block in blocks for text in ran(block)]
    if len(copied) != len(expected):
        return [f"{len(copied)} frames, {len(expected)} expected"]
    pairs = zip(copied, expected, strict=True)
    return [f"copies {copy!r}, but {text!r} ran" for copy, text in pairs if copy != text]
