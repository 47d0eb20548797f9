"""``fakehub lab``: the guide's notebooks in JupyterLab, inside a stand-in on the reader's own computer."""
