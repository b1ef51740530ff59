"""Which board this is, and what its profile says of it."""
