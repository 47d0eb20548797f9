"""Run commands inside a stand-in: sessions, their environment, and ``fakehub run``."""
