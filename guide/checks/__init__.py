"""Check prose, facts, workflows, licences and locked packages."""
