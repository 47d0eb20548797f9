"""The facts about a hub: the schema of ``hub.yml`` as the stand-in reads it, the loader and the cross-checks."""
