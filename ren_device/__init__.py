"""Ren: a smart speaker for the kitchen counter."""

VERSION = "1.0.0"
