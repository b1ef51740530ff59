"""A phone that listens to the speaker of porch_process: `ADDRESS PORT yes|no`.

It says `open`, and then the id of each alert. With `no` it has a tiny receive buffer and reads
nothing more before it is told to on its standard input.
"""

import json
import socket
import sys


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(address: str, port: str, reads: str) -> None:
    with socket.socket() as connection:
        if reads == "no":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.connect((address, int(port)))
        connection.sendall(f"GET /notifications HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())
        lines = connection.makefile("rb", buffering=512)
        while lines.readline().strip():
            pass
        say("open")
        if reads == "no":
            sys.stdin.readline()
        for line in lines:
            if line.startswith(b"data: "):
                say(str(json.loads(line.removeprefix(b"data: "))["id"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
