"""Presses become deeds, and what Ren does becomes light."""
