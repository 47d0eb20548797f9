"""A real JupyterHub at the hub's address, with a small GitHub to log in with."""
