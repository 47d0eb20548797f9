"""Drafts a facts file for a hub from the files that its operator, 2i2c, keeps in public."""
