"""The configuration of a user's server: its kernels are culled by the stand-in's clock."""

from jupyter_server.services.kernels import kernelmanager

from fakehub.hub.shifted_datetime import utcnow
from hubfacts.load import load

kernelmanager.utcnow = utcnow

c = get_config()  # noqa: F821 (traitlets puts it there)
c.MappingKernelManager.cull_idle_timeout = load().hub.timeouts.idle_kernel_culled_after_s
c.MappingKernelManager.cull_connected = True
# How often it looks, in seconds: a clock that was moved is noticed soon.
c.MappingKernelManager.cull_interval = 2
