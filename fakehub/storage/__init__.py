"""Fake Google Cloud Storage: the objects, and the JSON API that clients reach them by."""
