"""Run JupyterHub's idle culler by the stand-in's clock: ``python -m fakehub.hub.culler`` with the culler's options.

JupyterHub, its proxy and the servers note the real time of each activity; it is converted here.
"""

from __future__ import annotations

from datetime import datetime

import jupyterhub_idle_culler as culler

from fakehub.hub.stand_in_time import SettledDatetime, stand_in_time

_parse_date = culler.parse_date


def parse_date(text: str) -> datetime:
    """Return what the stand-in's clock showed at a time that JupyterHub noted."""
    return stand_in_time(_parse_date(text))


culler.datetime, culler.parse_date = SettledDatetime, parse_date
culler.main()
