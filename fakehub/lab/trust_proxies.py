"""An extension of IPython: aiohttp uses the stand-in's proxy, even in a session that a notebook configures itself.

aiohttp uses proxies only on request. The session's environment requests it for gcsfs, but a notebook that passes its
own ``session_kwargs``, for example to count requests, replaces the request too.
"""

from __future__ import annotations

from functools import partialmethod

from aiohttp import ClientSession


def load_ipython_extension(_shell: object) -> None:
    """Make proxies the default of aiohttp's sessions in this process."""
    ClientSession.__init__ = partialmethod(ClientSession.__init__, trust_env=True)  # type: ignore[assignment]
