"""Optimize the built pages: only what a page uses, from this site alone, under a strict content security policy."""
