"""Who runs batches: local processes."""
