"""Google Cloud Storage: the object store and the two APIs in front of it."""
