"""The facts about a hub: the schema of ``hub.yml``, its loader and its checks."""
