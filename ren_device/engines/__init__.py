"""One file per third party, each behind a port."""
