"""Pages that run in the reader's browser: Python for browsers, packed with what pages import, and the gate.

``parts`` fetches what is needed and verifies it, ``pack`` compiles and compresses it, ``gate`` runs every page with the
packed files and compares its outputs with the proven ones.
"""
