"""Who is mailed, and how each delivery gets to an outcome."""
