"""What a database needs from time to time, and whether it is in order."""
