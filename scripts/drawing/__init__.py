"""Draws what is in hardware/: see `scripts/draw`."""
