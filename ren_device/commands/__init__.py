"""What `ren-device` can be told to do, one command a file.

Each file has a SUMMARY of one line, `add_arguments` for what follows the command's name, and `run`,
which returns the exit code and may raise RenError: that becomes one line on standard error. What
takes long to import is imported when it runs, so that `--help` answers at once.
"""
