"""Keep a session apart from the rest of the machine: namespaces, name server, proxy and child processes."""
