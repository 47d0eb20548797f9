"""Optimize the built pages: only what a page uses, only from this site, under a strict content security policy."""
