"""What editors wrote: the model, one reader per format, and the inbox."""
