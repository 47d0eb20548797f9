"""The site's search: an index in small parts, made of the written pages; ``find-engine.js`` reads it in the browser."""
