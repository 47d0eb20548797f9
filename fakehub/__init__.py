"""A laptop-size stand-in for a JupyterHub on Google Cloud, made from one facts file."""
