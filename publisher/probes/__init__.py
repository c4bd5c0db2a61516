"""Facts from outside for rules and the doctor: whether links answer, what the DNS says of a domain."""
