"""What the doctor looks at, one group a file.

Each file has `check(patient)`, which yields findings and changes nothing that a Ren could notice.
Where a Ren runs, what it says of itself counts, and nothing that it uses is opened a second time.
What is read of the machine is read under a `root`, and nothing is waited for (`in_time.py`).
"""
