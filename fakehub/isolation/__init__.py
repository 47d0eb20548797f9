"""Keep a session apart from the machine: namespaces, DNS, proxy and child processes."""
