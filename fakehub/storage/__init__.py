"""Google Cloud Storage: the object store, the rules of access to it, and two APIs in front of it."""
