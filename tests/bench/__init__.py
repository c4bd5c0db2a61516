"""`make bench`: what the parts cost, medians of paired rounds in one run. No test: nothing here can fail."""
