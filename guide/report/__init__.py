"""Summarize what ran."""
