"""Answers one HTTP request, which is its standard input: QEMU runs it for each connection."""

import socket
import sys
from http.server import SimpleHTTPRequestHandler


class Lender(SimpleHTTPRequestHandler):
    """The standard one, without a word about it."""

    def log_message(self, *arguments: object) -> None:
        """Standard error is the console's."""


if __name__ == "__main__":
    with socket.socket(fileno=0) as connection:
        Lender(connection, ("10.0.2.15", 0), None, directory=sys.argv[1])  # type: ignore[arg-type]
