"""Asks both proxies of tools/proxies.sh in every situation, and prints a table.

The server behind them does what the header `X-Situation` says.
"""

import concurrent.futures
import http.server
import json
import socket
import subprocess
import sys
import threading
import time

WORK, SERVER = sys.argv[1], int(sys.argv[2])
PROXIES = [(name, int(port)) for name, port in (pair.split("=") for pair in sys.argv[3:])]

WEBHOOKS, PORT_OUTS = "hooks.example.com", "port-outs.example.com"
QUESTION = "<PortOutValidationRequest><PON>p</PON></PortOutValidationRequest>"
ALLOWED = "<PortOutValidationResponse><Portable>true</Portable><PON>p</PON></PortOutValidationResponse>"
DENIED = "<Portable>false</Portable><Errors><Error><Code>7598</Code>"


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections = []

    def setup(self):
        super().setup()
        self.connections.append(self.connection)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        situation = self.headers.get("x-situation", "up")
        if situation == "hangs":
            time.sleep(60)
        if situation == "closes":
            self.close_connection = True
            return
        if situation == "slow":
            time.sleep(25)
        if situation.isdigit():
            return self.answer(int(situation), "an error of the server")
        if "authorization" not in self.headers:
            return self.answer(401, "", {"WWW-Authenticate": 'Basic realm="webhooks"'})
        seen = {
            "address": self.headers.get_all("x-forwarded-for"),
            "forwarded": self.headers.get_all("forwarded"),
            "authorization": self.headers.get_all("authorization"),
            "signature": self.headers.get_all("x-porterbuddy-hmac-sha256"),
            "body": len(body),
        }
        self.answer(200, ALLOWED, {"X-Seen": json.dumps(seen), "Content-Type": "application/xml"})

    def answer(self, status, body, headers={}):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    block_on_close = False

    def handle_error(self, *_):
        """A proxy that has given up closes its connection."""


def ask(port, host, situation, certificate, forged, authorized, body):
    """The status (0 for no answer), the headers, the body, the seconds."""
    command = [
        "curl", "-sk", "--http1.1", "--max-time", "40", "-D", "-", "-H", "Expect:",
        "--resolve", f"{host}:{port}:127.0.0.1", f"https://{host}:{port}/port-out",
        "-H", f"X-Situation: {situation}", "-H", "X-Porterbuddy-Hmac-SHA256: c2ln",
        "--data-binary", "@-",
    ]
    if certificate:
        command += ["--cert", f"{WORK}/{certificate}.pem", "--key", f"{WORK}/{certificate}.key"]
    if authorized:
        command += ["-H", "Authorization: Basic dTpw"]
    if forged:
        command += ["-H", "X-Forwarded-For: 203.0.113.7", "-H", "Forwarded: for=203.0.113.7"]
    start = time.monotonic()
    done = subprocess.run(command, input=body.encode(), capture_output=True)
    seconds = time.monotonic() - start
    head, _, text = done.stdout.decode().partition("\r\n\r\n")
    lines = head.split("\r\n")
    if not lines[0].startswith("HTTP/"):
        return 0, {}, "", seconds
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
    return int(lines[0].split()[1]), headers, text, seconds


SEEN = {
    "address": ["127.0.0.1"],
    "forwarded": None,
    "authorization": ["Basic dTpw"],
    "signature": ["c2ln"],
}


def judge(expected, answer, length):
    """None if the answer is what is expected of it, else what is wrong."""
    status, headers, text, seconds = answer
    want, limit = expected
    if seconds > limit:
        return f"took {seconds:.1f} s"
    if want == "the server's answer":
        seen = json.loads(headers.get("x-seen", "null"))
        if status != 200 or text != ALLOWED or seen != {**SEEN, "body": length}:
            return f"{status} {seen}"
    elif want == "a denial":
        xml = headers.get("content-type") == "application/xml"
        if status != 200 or DENIED not in text or not xml:
            return f"{status} {headers.get('content-type')} {text[:60]}"
    elif want == "the challenge":
        if status != 401 or headers.get("www-authenticate") != 'Basic realm="webhooks"':
            return f"{status} {headers.get('www-authenticate')}"
    elif status not in want:
        return str(status)
    return None


OURS, DENIAL, CHALLENGE = ("the server's answer", 29), ("a denial", 29), ("the challenge", 5)
BAD_GATEWAY, NONE = ((502, 504), 9.5), ((0,), 5)

# Host, situation, certificate, forged headers, authorization, length of the body; and
# what is right of nginx and of Caddy.
UP = [
    (WEBHOOKS, "up", None, False, True, None, OURS),
    (WEBHOOKS, "up", None, True, True, None, OURS),
    (WEBHOOKS, "up", None, False, False, None, CHALLENGE),
    (WEBHOOKS, "404", None, False, True, None, ((404,), 5)),
    (WEBHOOKS, "500", None, False, True, None, ((500,), 5)),
    (WEBHOOKS, "503", None, False, True, None, ((503,), 5)),
    (WEBHOOKS, "closes", None, False, True, None, BAD_GATEWAY),
    (WEBHOOKS, "hangs", None, False, True, None, BAD_GATEWAY),
    (PORT_OUTS, "up", "bandwidth", False, True, None, OURS),
    (PORT_OUTS, "up", "bandwidth", True, True, None, OURS),
    (PORT_OUTS, "up", "bandwidth", False, False, None, CHALLENGE),
    (PORT_OUTS, "up", None, False, True, None, DENIAL),
    (PORT_OUTS, "up", "strangers", False, True, None, {"nginx": DENIAL, "caddy": NONE}),
    (PORT_OUTS, "up", "bandwidth", False, True, 2_000_000, {"nginx": DENIAL, "caddy": OURS}),
    *[
        (PORT_OUTS, status, "bandwidth", False, True, None, DENIAL)
        for status in ("400", "403", "404", "405", "413", "429", "500", "502", "503", "504")
    ],
    (PORT_OUTS, "408", "bandwidth", False, True, None, {"nginx": NONE, "caddy": DENIAL}),
    (PORT_OUTS, "closes", "bandwidth", False, True, None, DENIAL),
    (PORT_OUTS, "hangs", "bandwidth", False, True, None, DENIAL),
    (PORT_OUTS, "slow", "bandwidth", False, True, None, OURS),
]


def away(situation):
    return [
        (WEBHOOKS, situation, None, False, True, None, BAD_GATEWAY),
        (PORT_OUTS, situation, "bandwidth", False, True, None, DENIAL),
        (PORT_OUTS, situation, None, False, True, None, DENIAL),
    ]


def run(rows):
    """Asks everything at once, and prints a line each; how many were wrong."""

    def one(name, port, row):
        host, situation, certificate, forged, authorized, length, expected = row
        body = QUESTION if length is None else "x" * length
        answer = ask(port, host, situation, certificate, forged, authorized, body)
        expected = expected[name] if isinstance(expected, dict) else expected
        return name, row, expected, answer, judge(expected, answer, len(body))

    tasks = [(name, port, row) for name, port in PROXIES for row in rows]
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(len(tasks)) as pool:
        for name, row, expected, answer, fault in pool.map(lambda task: one(*task), tasks):
            host, situation, certificate, forged, authorized, length, _ = row
            extra = [f"certificate: {certificate}"] if certificate else []
            extra += ["forged address"] * forged + ["no credentials"] * (not authorized)
            extra += [f"{length} bytes"] if length else []
            verdict = "ok" if fault is None else f"WRONG: {fault}"
            wanted = expected[0] if isinstance(expected[0], str) else " or ".join(map(str, expected[0]))
            print(f"{name:6} {host.split('.')[0]:9} {situation:14} {', '.join(extra):40} "
                  f"{wanted:20} {answer[3]:5.1f} s  {verdict}")
            wrong += fault is not None
    return wrong


def ready(port):
    for _ in range(100):
        if ask(port, WEBHOOKS, "up", None, False, True, QUESTION)[0] == 200:
            return
        time.sleep(0.1)
    sys.exit(f"nothing answers on port {port}")


def main():
    server = Listener(("127.0.0.1", SERVER), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for _, port in PROXIES:
        ready(port)
    wrong = run(UP)
    server.shutdown()
    server.server_close()
    for connection in Server.connections:
        connection.close()
    wrong += run(away("is down"))
    # A socket whose queue is full answers no connection.
    full = socket.socket()
    full.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    full.bind(("127.0.0.1", SERVER))
    full.listen(0)
    waiting = []
    for _ in range(8):
        waiting.append(socket.socket())
        waiting[-1].setblocking(False)
        waiting[-1].connect_ex(("127.0.0.1", SERVER))
    wrong += run(away("takes no call"))
    print(f"{wrong} wrong" if wrong else "all right")
    return wrong > 0


sys.exit(main())
