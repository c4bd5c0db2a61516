"""Who may be mailed: people, their subscriptions, suppressions and consents. Imports `publisher.errors` alone."""
