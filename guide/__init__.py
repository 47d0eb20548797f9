"""Runs, proves and builds the guide: block runner, report and Sphinx extensions."""
