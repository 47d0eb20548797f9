"""Export pages: as notebooks, scripts and text, to the hub, and all of them as a PDF."""

# The file of the whole guide in the site, if the build made it.
PDF_NAME = "hub-guide.pdf"
