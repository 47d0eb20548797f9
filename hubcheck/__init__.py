"""The parts of ``book/hub/check_hub.py``, which ``python -m hubcheck.join`` joins to one file."""
