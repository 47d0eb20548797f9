"""Makes the built pages lean: only what a page uses, from this site alone, under a strict policy."""
