"""``make serve``: the site in a browser while its pages are written.

``server`` watches the sources, serves the site and tells browsers; two warm processes (``workers``) run the pages
that were saved and make HTML of them.
"""
