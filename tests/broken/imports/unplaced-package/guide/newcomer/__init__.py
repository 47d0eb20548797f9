"""A package that no layer of the guide names."""
