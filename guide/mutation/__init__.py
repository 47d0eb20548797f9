"""Make deliberate mistakes in pages, facts and rules, and report which ones the checks notice."""
