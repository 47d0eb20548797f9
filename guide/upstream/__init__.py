"""Compare the facts with what they were read from, and renew the versions of the hub's image."""
