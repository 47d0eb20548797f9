"""The configuration of a user's server: its idle kernels are culled by the stand-in's clock."""

from typing import TYPE_CHECKING

from jupyter_server.services.kernels import kernelmanager

from fakehub.hub.shifted_datetime import utcnow
from hubfacts.load import load

if TYPE_CHECKING:  # the loader of configuration files defines it
    from traitlets.config import get_config

kernelmanager.utcnow = utcnow  # type: ignore[attr-defined]  # an import of its own, which it does not export

c = get_config()
c.MappingKernelManager.cull_idle_timeout = load().hub.timeouts.idle_kernel_culled_after_s
c.MappingKernelManager.cull_connected = True
# Check every two seconds, so that a clock that was moved has its effect soon.
c.MappingKernelManager.cull_interval = 2
