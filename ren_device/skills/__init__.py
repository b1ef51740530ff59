"""What Ren can do, one subject a file. A tool is a typed async method with a docstring."""
