"""The server process of a session: its configuration, its parts and the routing by host."""
