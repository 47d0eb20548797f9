"""Google's JSON API for Cloud Storage."""
