"""Measure the stand-in, the upload script, the site and its build beside others; ``make bench`` runs it."""
