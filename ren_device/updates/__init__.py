"""A newer Ren onto the other slot of the card, tried, and kept only if it proves itself."""
