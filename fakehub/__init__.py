"""A laptop-size stand-in of a JupyterHub on Google Cloud, made from one facts file."""
