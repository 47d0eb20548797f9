"""Slow down the simulated network and inject faults."""
