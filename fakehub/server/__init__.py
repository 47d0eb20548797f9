"""The server process of a session: configuration, assembly and routing by host."""
