"""What is kept of people, for how long, and how it is taken along or forgotten: use cases over `subscribers`."""
