"""Who carries the mail, one file a provider. They speak the ledger's words and know nothing of storage."""
