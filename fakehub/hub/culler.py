"""JupyterHub's own culler by the stand-in's clock: ``python -m fakehub.hub.culler`` and its options."""

import jupyterhub_idle_culler as culler

from fakehub.hub.shifted_datetime import Ahead

culler.datetime = Ahead
culler.main()
