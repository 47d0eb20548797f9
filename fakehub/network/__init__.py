"""Shape the simulated network and inject faults."""
