"""Check prose, typed facts, workflows and licences, and list the locked packages."""
