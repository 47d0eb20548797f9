"""The parts of the Sphinx extension, one module for each; ``guide.site.extension`` lists and orders them."""
