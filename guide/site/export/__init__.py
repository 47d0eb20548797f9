"""What a reader takes away from a page: a notebook, a script, its text, a place on the hub, a feed."""

# The whole guide, where a build made it.
PDF_NAME = "hub-guide.pdf"
