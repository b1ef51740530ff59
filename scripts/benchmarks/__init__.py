"""What Ren costs and how fast it is, measured; `scripts/bench` runs it all and prints Markdown."""
