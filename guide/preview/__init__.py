"""``make serve``: run, build and show each page when it is saved.

``server`` watches the sources, serves the site and notifies browsers; two warm processes (``workers``) run the pages
that were saved and build the site from them.
"""
