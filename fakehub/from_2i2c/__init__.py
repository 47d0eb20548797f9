"""Draft a facts file for a hub from the public configuration of its operator, 2i2c."""
