"""What Ren keeps, one small repository per noun."""
