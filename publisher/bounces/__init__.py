"""What comes back about mail: taken in, classified, and acted on."""
