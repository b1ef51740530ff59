"""Audio in, audio out."""
