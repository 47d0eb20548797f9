"""Google's XML API for Cloud Storage, and signed URLs."""
