"""What is wrong with a digest before it leaves: one file a rule, each a pure function of what would go out."""
