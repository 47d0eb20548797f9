"""Run pages inside the stand-in and record the results."""
