# SPDX-License-Identifier: GPL-3.0-or-later
"""500 clients at once of the state server that $MPMAP_STATE names, on both of its sockets, and strangers among them.

The others are served meanwhile, and each stranger costs one connection, which is closed within its time.
"""

import multiprocessing.connection
import os
import select
import socket
import sys
import time

CLIENTS = 250
# Seconds after which a stranger is to be dropped: SERVER_PATIENCE, and what a busy machine takes.
PATIENCE = 10
HUGE = b"\xff\xff\xff\xff" + (4 << 30).to_bytes(8, "big")
PICKLE = b"\x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00\x8c\x04evil\x94."
STRANGERS = [b"", b"ad", b"GET / HTTP/1.0\r\n\r\n", HUGE, PICKLE, len(PICKLE).to_bytes(4, "big") + PICKLE, b"[1, 2\n", os.urandom(64) + b"\n"]


def connect(path):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(2 * PATIENCE)
    client.connect(path)
    return client


def ask(client, request):
    client.sendall(request + b"\n")
    answer = b""
    while not answer.endswith(b"\n"):
        answer += client.recv(4096)
    return answer.decode().strip()


def python_client(key):
    return multiprocessing.connection.Client(os.environ["MPMAP_STATE_PYTHON"], "AF_UNIX", authkey=key)


def stranger_of_python(key):
    """One with the key that sends a pickle, which is never read."""
    client = python_client(key)
    client.send({"a": "pickle"})
    return client


def connections(client):
    client.sendall(b'["stat"]\n')
    answer = b""
    while not answer.endswith(b"\n"):
        answer += client.recv(4096)
    import json
    return int(json.loads(answer)["value"]["connections"])


def await_closed(strangers, until):
    """Waits until each is closed by the server; reads what it says before."""
    left = {client.fileno(): client for client in strangers}
    poll = select.poll()
    for number in left:
        poll.register(number, select.POLLIN)
    while left:
        ready = poll.poll(max(0, (until - time.monotonic()) * 1000))
        assert ready, f"{len(left)} strangers are still connected"
        for number, _ in ready:
            try:
                data = os.read(number, 4096)
            except ConnectionResetError:
                data = b""
            if not data:
                poll.unregister(number)
                del left[number]


def main():
    with open(os.environ["MPMAP_STATE_KEYFILE"], "rb") as file:
        key = file.read()
    first = connect(os.environ["MPMAP_STATE"])
    before = connections(first)
    strangers = []
    for path in (os.environ["MPMAP_STATE"], os.environ["MPMAP_STATE_PYTHON"]):
        for text in STRANGERS:
            strangers.append(connect(path))
            strangers[-1].sendall(text)
    began = time.monotonic()
    strangers.append(stranger_of_python(key))
    try:
        python_client(b"wrong")
        raise AssertionError("a wrong key is accepted")
    except multiprocessing.connection.AuthenticationError:
        pass
    lines = [connect(os.environ["MPMAP_STATE"]) for _ in range(CLIENTS)]
    frames = [python_client(key) for _ in range(CLIENTS)]
    for _ in range(3):
        for client in lines:
            client.sendall(b"add n 1\n")
        for client in frames:
            client.send_bytes(b'["add", "n", 1]')
        for client in lines:
            assert client.recv(100).startswith(b"= ")
        for client in frames:
            assert b"value" in client.recv_bytes()
    await_closed(strangers, began + PATIENCE)
    assert ask(first, b"get n") == f"= {6 * CLIENTS}"
    assert connections(first) == before + 2 * CLIENTS, connections(first)


if __name__ == "__main__":
    sys.exit(main())
