"""Runs every client against both servers and counts what arrives.

A client is a command that is given URL, user name, password, the file with the
body, and whether to ask for 100 Continue ("expect" or "plain"). It prints the
status that it ends with.
"""

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
import uuid

from network import Network

HERE = os.path.dirname(os.path.abspath(__file__))
WORK = os.environ["SENDERS_WORK"]
CLASSES = os.path.join(WORK, "classes")
JAVA = ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp",
        CLASSES + ":" + os.environ.get("SENDERS_JARS", "")]
USER, PASSWORD = "bandwidth-user", "bandwidth-password"
SIZES = {"small": 0, "1.6 MB": 1_600_000, "8 MB": 8_000_000}
# How a request comes; `network.py` does the last three. The last takes its time, and the
# size of the body makes no difference to it.
SHAPES = {"plain": SIZES, "expect": SIZES, "chunked": SIZES, "half-closed": SIZES, "kept": ["small"]}
TIMEOUT = 60


def script(name, *arguments):
    return [os.path.join(HERE, name), *arguments]


# Name, command, whether it waits to be asked for its credentials, and what has to be
# there. Each meets a challenge in its own way:
#
# - curl --anyauth writes the whole body, and repeats it on the same connection.
# - curl --basic shows its credentials at once.
# - wget opens with the body and no credentials, and keeps the connection.
# - Java's HttpClient offers HTTP/2, and reads the answer while it writes.
# - Apache's HttpClient looks for an answer when it has written everything.
# - Python's urllib opens a connection for each request.
# - Go reads while it writes, and closes the connection if the answer comes early.
#
# Thirteen more were run once, and none lost or doubled a delivery: PHP's curl and streams,
# Perl's LWP, HttpURLConnection, HttpClient 4, OkHttp, requests, httpx, aiohttp, Node's
# fetch, http and axios, and Go with its credentials at once.
CLIENTS = [
    ("curl --anyauth", ["sh", *script("curl.sh"), "--anyauth"], True, ["curl"]),
    ("curl --basic", ["sh", *script("curl.sh"), "--basic"], False, ["curl"]),
    ("wget", ["sh", *script("wget.sh")], True, ["wget"]),
    ("Java HttpClient", [*JAVA, "JdkClient"], True, ["java", "JdkClient"]),
    ("Apache HttpClient 5", [*JAVA, "Apache5"], True, ["java", "Apache5"]),
    ("Python urllib", [sys.executable, *script("send.py")], True, [sys.executable]),
    ("Go, when asked", [os.path.join(WORK, "go-send")], True, ["go-send"]),
]


def is_there(needs):
    for need in needs:
        places = [os.path.join(CLASSES, need + ".class"), os.path.join(WORK, need), need]
        if not shutil.which(need) and not any(os.path.exists(place) for place in places):
            return False
    return True


class Server:
    """An example server, and the order ids that it has printed."""

    def __init__(self, program):
        environment = dict(os.environ, ADDR="127.0.0.1:0", BODY_LIMIT="16000000",
                           BANDWIDTH_USERNAME=USER, BANDWIDTH_PASSWORD=PASSWORD)
        self.process = subprocess.Popen([program], env=environment, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.url = self.process.stderr.readline().split()[-1]
        self.ids = queue.Queue()
        threading.Thread(target=self.read_events, daemon=True).start()
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def read_events(self):
        for line in self.process.stdout:
            self.ids.put(json.loads(line)["event"]["OrderId"])

    def arrived(self, expected):
        """The ids that have come since the last call. The server writes them from a thread
        of its own, on a busy machine well after its answer."""
        ids = []
        deadline = time.monotonic() + (10 if expected else 0.1)
        while (left := deadline - time.monotonic()) > 0:
            try:
                ids.append(self.ids.get(timeout=left))
                if expected:
                    deadline = min(deadline, time.monotonic() + 0.05)
            except queue.Empty:
                break
        return ids

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def body(order_id, size):
    start = f"<Notification><SubscriptionId>s</SubscriptionId><OrderId>{order_id}</OrderId>"
    end = "</Notification>"
    note = f"<Note>{'x' * (size - len(start) - len(end) - 13)}</Note>" if size else ""
    return start + note + end


def send(server, base, command, size, shape, password):
    order_id = uuid.uuid4().hex
    path = os.path.join(WORK, "body.xml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(body(order_id, size))
    url = base + "/bandwidth/notifications"
    expect = shape if shape == "expect" else "plain"
    start = time.monotonic()
    try:
        ran = subprocess.run([*command, url, USER, password, path, expect], text=True,
                             capture_output=True, timeout=TIMEOUT, check=False)
        status = (ran.stdout.split() or ["none"])[-1]
        said = ran.stderr.strip()[-200:]
    except subprocess.TimeoutExpired:
        status, said = "timeout", ""
    took = time.monotonic() - start
    ids = server.arrived(password == PASSWORD)
    return status, ids.count(order_id), len(ids) - ids.count(order_id), took, said


def main():
    folder, *wanted = sys.argv[1:]
    rows, failures, skipped = [], [], []
    for kind in ["axum", "actix"]:
        server = Server(os.path.join(folder, kind + "_server"))
        for name, command, asks, needs in CLIENTS:
            if wanted and not any(word.lower() in name.lower() for word in wanted):
                continue
            if not is_there(needs):
                skipped.append(f"{kind}: {name} is not installed")
                continue
            good = lost = doubled = refused = wrongly = 0
            slowest = 0.0
            for shape, sizes in SHAPES.items():
                network = Network(server.url, shape) if shape not in ("plain", "expect") else None
                base = network.url if network else server.url
                for size in sizes:
                    status, once, others, took, said = send(server, base, command, SIZES[size], shape, PASSWORD)
                    slowest = max(slowest, took)
                    case = f"{kind}: {name}, {size}, {shape}: status {status}, {once} arrived"
                    if once == 1 and status == "200" and others == 0:
                        good += 1
                    else:
                        lost += once == 0
                        doubled += once > 1
                        failures.append(f"{case} {said}")
                    wrong, once, others, took, said = send(server, base, command, SIZES[size], shape, "wrong")
                    if once == 0 and others == 0 and wrong == "401":
                        refused += 1
                    else:
                        wrongly += 1
                        failures.append(f"{case}; with a wrong password {wrong}, {once} arrived {said}")
                if network:
                    network.stop()
            rows.append((kind, name, "when asked" if asks else "at once", good, lost, doubled,
                         refused, wrongly, slowest))
        server.stop()

    head = ("server", "client", "credentials", "delivered", "lost", "doubled", "refused", "not refused",
            "slowest")
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for *row, slowest in rows:
        print("| " + " | ".join(str(cell) for cell in row) + f" | {slowest:.1f} s |")
    total = [sum(row[column] for row in rows) for column in range(3, 8)]
    print("\n{} delivered, {} lost, {} doubled; with a wrong password {} refused, {} not".format(*total))
    for line in skipped:
        print("skipped:", line)
    for line in failures:
        print("FAILED", line)
    missing = skipped and os.environ.get("REQUIRE_ALL", "0") != "0"
    sys.exit(1 if failures or missing or not rows else 0)


main()
