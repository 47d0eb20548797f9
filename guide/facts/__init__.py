"""The facts that pages need, on top of those that the stand-in reads: words for readers, addresses and sources.

Nothing that a page shows is optional here, no key may be unknown, and every section names its sources.
``python -m guide.facts [FILE]`` lists everything that a facts file lacks for a guide.
"""

from guide.facts.load import checked, load
from guide.facts.schema import Facts
from guide.facts.servers import ExtraTeam, Tier, Variable
from guide.facts.storage import Bucket

__all__ = ["Bucket", "ExtraTeam", "Facts", "Tier", "Variable", "checked", "load"]
