"""Local servers that speak as providers' APIs do, with the faults that real ones have."""
