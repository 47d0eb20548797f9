"""The site's search: an index in small parts, made of the built pages, and read by ``engine.js`` in the browser."""
