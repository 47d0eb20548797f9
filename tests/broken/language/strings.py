"""Print a message with a mistake."""

print("a bucket needs an name")
