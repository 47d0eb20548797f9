"""Measure the stand-in, the upload script, the site and the build beside others; ``make bench`` runs it."""
