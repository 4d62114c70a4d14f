"""Changes on the way how a client's requests reach the server:

- "chunked": the body comes in chunks, without a length.
- "half-closed": after a request with credentials the connection is closed for writing.
- "kept": a connection waits for 6 s before its first request, and before each next one.
"""

import contextlib
import socket
import threading
import time
from urllib.parse import urlsplit


class Network:
    def __init__(self, url, shape):
        self.server = (urlsplit(url).hostname, urlsplit(url).port)
        self.shape = shape
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.connect, args=self.listener.accept()[:1], daemon=True).start()

    def connect(self, client):
        server = socket.create_connection(self.server)
        threading.Thread(target=answers, args=(server, client), daemon=True).start()
        with contextlib.suppress(OSError):
            self.requests(client.makefile("rb"), server)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def requests(self, client, server):
        while line := client.readline():
            if self.shape == "kept":
                time.sleep(6)
            head = [line]
            while (line := client.readline()) not in (b"\r\n", b""):
                head.append(line)
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in head[1:])}
            length = int(headers.get(b"content-length", 0))
            in_chunks = self.shape == "chunked" and length > 0
            if in_chunks:
                head = [line for line in head if not line.lower().startswith(b"content-length:")]
                head.append(b"Transfer-Encoding: chunked\r\n")
            is_last = self.shape == "half-closed" and b"authorization" in headers
            if is_last:
                # So that the client, which does not know, sends no other request after it.
                head = [line for line in head if not line.lower().startswith(b"connection:")]
                head.append(b"Connection: close\r\n")
            server.sendall(b"".join(head) + b"\r\n")
            if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
                copy_chunks(client, server)
            while length and (data := client.read1(min(length, 65536))):
                length -= len(data)
                server.sendall(b"%x\r\n%s\r\n" % (len(data), data) if in_chunks else data)
            if in_chunks:
                server.sendall(b"0\r\n\r\n")
            if is_last:
                server.shutdown(socket.SHUT_WR)
                return

    def stop(self):
        self.listener.close()


def copy_chunks(client, server):
    while line := client.readline():
        size = int(line.split(b";")[0], 16)
        server.sendall(line + client.read(size + 2))
        if size == 0:
            return


def answers(server, client):
    with contextlib.suppress(OSError):
        while data := server.recv(65536):
            client.sendall(data)
    for end in (server, client):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
