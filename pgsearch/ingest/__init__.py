"""Files and rows into collections."""
