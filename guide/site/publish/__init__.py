"""Write the feed, the sitemap, social cards and redirects."""
