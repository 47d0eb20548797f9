"""Steer a running stand-in: its clock, network, faults and log."""
