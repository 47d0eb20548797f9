"""Google's accounts: personas, keys, the login page, and the endpoints that issue, check and revoke tokens."""
