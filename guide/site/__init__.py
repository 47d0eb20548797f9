"""Build the site from pages that ran."""
