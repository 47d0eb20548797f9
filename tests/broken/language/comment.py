SIZE = 1  # the server stops by itself
