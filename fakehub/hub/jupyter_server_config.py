"""The configuration of a user's server: its idle kernels are culled by the stand-in's clock."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from fakehub.hub.stand_in_time import offset
from hubfacts.load import load

if TYPE_CHECKING:  # the loader of configuration files defines it
    from traitlets.config import get_config

_TIMEOUT_S = load().hub.timeouts.idle_kernel_culled_after_s


class ShiftedKernelManager(AsyncMappingKernelManager):
    """Jupyter's kernel manager, for which a kernel was also idle for the time by which the clock was moved."""

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """Stop a kernel that is idle by the stand-in's clock."""
        moved = offset(datetime.now(UTC)) - offset(self._kernels[kernel_id].last_activity)
        self.cull_idle_timeout = _TIMEOUT_S - int(moved.total_seconds())
        await super().cull_kernel_if_idle(kernel_id)


c = get_config()
c.ServerApp.kernel_manager_class = ShiftedKernelManager
c.MappingKernelManager.cull_idle_timeout = _TIMEOUT_S
c.MappingKernelManager.cull_connected = True
# Check every two seconds, so that a clock that was moved has its effect soon.
c.MappingKernelManager.cull_interval = 2
