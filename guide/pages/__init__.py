"""Read the sources: the table of contents, pages and their blocks, and the variant for one hub."""
