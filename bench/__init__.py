"""Measures the stand-in beside the other fakes of Google Cloud Storage; ``make bench`` runs it."""
