"""Google's accounts: personas, keys, the login page, and the endpoints that give out, check and revoke tokens."""
