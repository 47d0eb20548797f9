"""Run the pages of the guide inside the stand-in, check them, and build the site from the results."""
