"""Run JupyterHub's idle culler by the stand-in's clock: ``python -m fakehub.hub.culler`` with the culler's options."""

import jupyterhub_idle_culler as culler

from fakehub.hub.shifted_datetime import ShiftedDatetime

culler.datetime = ShiftedDatetime
culler.main()
