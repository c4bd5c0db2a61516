"""What editors write: every format, every rule of the inbox."""
