"""Start a session and run a command in it."""
