"""Delivers to the inbox while it is killed, and compares it with what was answered.

Called by kill.sh: kill.py BINARY SERVERS SECONDS, with DATABASE or DATABASE_URL
in the environment, and CRASH, the command that crashes the database and starts
it again, if there is one.
"""

import base64
import collections
import datetime
import hashlib
import hmac
import http.client
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import uuid

SENDERS = 8
THINGS = 40
BASIC = {
    "musement": "Basic " + base64.b64encode(b"JohnSmith:Swordfish").decode(),
    "bandwidth": "Basic " + base64.b64encode(b"bandwidth-user:bandwidth-password").decode(),
}
ITEMS = [str(uuid.UUID(int=0x11045E18_E3CA_42E1_ACB4_000000000000 + n)) for n in range(THINGS)]


def free_port():
    """Not one of those that the system gives to outgoing connections: it stays free
    while its server is killed."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as free:
            try:
                free.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


class Server:
    """One server, started again whenever it is killed."""

    def __init__(self, binary):
        self.port = free_port()
        self.command = [binary]
        self.start()

    def start(self):
        environment = {**os.environ, "ADDR": f"127.0.0.1:{self.port}"}
        # What it has to say about the dying database is no news here.
        self.process = subprocess.Popen(
            self.command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Counter:
    """Numbers the deliveries of every thing, so that no two are the same."""

    def __init__(self):
        self.lock = threading.Lock()
        self.numbers = collections.Counter()

    def next(self, thing):
        with self.lock:
            self.numbers[thing] += 1
            return self.numbers[thing]


def at(number):
    start = datetime.datetime(2023, 9, 12, 15, 11, 31)
    return (start + datetime.timedelta(milliseconds=number)).isoformat(timespec="milliseconds") + "Z"


def musement(counter):
    item = random.choice(ITEMS)
    number = counter.next(item)
    stamp = "2018-12-10T13:12:40+0000"
    status = random.choice(["PENDING", "OK", "KO", "REFUND_STARTED", "REFUNDED"])
    body = (
        '{"order_id":"13459345","order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00",'
        f'"order_created":"{stamp}","order_updated":"{stamp}","order_version":"16",'
        f'"order_item_uuid":"{item}","order_item_created":"{stamp}",'
        f'"order_item_updated":"{stamp}","order_item_version":"{number}",'
        f'"order_item_status":"{status}"}}'
    ).encode()
    return "/musement", {"Authorization": BASIC["musement"]}, body


def porterbuddy(counter):
    order = str(394326 + random.randrange(THINGS))
    number = counter.next(order)
    status = random.choice(["ready", "in_delivery", "delivered", "cancelled"])
    body = (
        f'{{"orderId":"{order}","orderStatus":"{status}","statusUpdatedAt":"{at(number)}"}}'
    ).encode()
    digest = hmac.new(b"porterbuddy-api-key", body, hashlib.sha256).digest()
    return "/porterbuddy", {"x-porterbuddy-hmac-SHA256": base64.b64encode(digest).decode()}, body


def bandwidth(counter):
    order = f"order-{random.randrange(THINGS)}"
    number = counter.next(order)
    status = random.choice(["SUBMITTED", "FOC", "COMPLETE", "EXCEPTION"])
    body = (
        "<Notification><SubscriptionId>s-1</SubscriptionId><OrderType>portins</OrderType>"
        f"<OrderId>{order}</OrderId><Status>{status}</Status>"
        f"<LastModifiedDate>{at(number)}</LastModifiedDate></Notification>"
    ).encode()
    return "/bandwidth/notifications", {"Authorization": BASIC["bandwidth"]}, body


class Sender(threading.Thread):
    """Sends as the providers do: Musement and Porterbuddy again after a failure,
    to whatever server, Bandwidth never. Some of what was accepted comes once more."""

    def __init__(self, servers, counter, until):
        super().__init__()
        self.servers, self.counter, self.until = servers, counter, until
        self.answers = collections.Counter()
        self.accepted, self.sent, self.times = set(), set(), []
        self.doubled = 0

    def run(self):
        while time.monotonic() < self.until:
            make = random.choice([musement, porterbuddy, bandwidth])
            delivery = make(self.counter)
            tries = 1 if make is bandwidth else 20
            for _ in range(tries):
                if self.send(*delivery) == 200:
                    break
                time.sleep(random.uniform(0.02, 0.2))
            if random.random() < 0.1:
                self.doubled += 1
                self.send(*delivery)

    def send(self, path, headers, body):
        self.sent.add(body)
        server = random.choice(self.servers)
        started = time.monotonic()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=15)
            connection.request("POST", path, body, headers)
            answer = connection.getresponse().status
            connection.close()
        except (OSError, http.client.HTTPException):
            answer = "no answer"
        else:
            self.times.append(time.monotonic() - started)
        self.answers[answer] += 1
        if answer == 200:
            self.accepted.add(body)
        return answer


def rows(query):
    """The rows of a query over text columns; bodies are asked for in hex."""
    if url := os.environ.get("DATABASE_URL"):
        query = query.replace("hex(body)", "encode(body, 'hex')")
        psql = ["psql", "-X", "-At", "-F", "\t", "-v", "ON_ERROR_STOP=1", url, "-c", query]
        output = subprocess.run(psql, check=True, capture_output=True, text=True).stdout
        return [tuple(line.split("\t")) for line in output.splitlines()]
    with sqlite3.connect(os.environ["DATABASE"]) as connection:
        return [tuple(map(str, row)) for row in connection.execute(query)]


def main():
    binary, servers, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    crash = os.environ.get("CRASH", "").split()
    servers = [Server(binary) for _ in range(servers)]
    until = time.monotonic() + seconds
    counter = Counter()
    senders = [Sender(servers, counter, until) for _ in range(SENDERS)]
    kills = crashes = 0
    try:
        for sender in senders:
            sender.start()
        next_crash = time.monotonic() + 4
        while time.monotonic() < until:
            time.sleep(random.uniform(0.1, 0.7))
            server = random.choice(servers)
            server.kill()
            kills += 1
            server.start()
            if crash and time.monotonic() > next_crash:
                subprocess.run(crash, check=True, stdout=subprocess.DEVNULL)
                crashes += 1
                next_crash = time.monotonic() + 4
        for sender in senders:
            sender.join()
        deadline = time.monotonic() + 60
        waiting = "SELECT count(*) FROM inbox_deliveries WHERE outcome = 'waiting'"
        while rows(waiting) != [("0",)] and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        for server in servers:
            server.kill()

    accepted = set().union(*(sender.accepted for sender in senders))
    sent = set().union(*(sender.sent for sender in senders))
    answers = sum((sender.answers for sender in senders), collections.Counter())
    times = sorted(time for sender in senders for time in sender.times)
    stored = collections.Counter(
        bytes.fromhex(body) for (body,) in rows("SELECT hex(body) FROM inbox_deliveries")
    )
    outcomes = collections.Counter(
        outcome for (outcome,) in rows("SELECT outcome FROM inbox_deliveries")
    )
    # The text of revisions sorts as the revisions do.
    behind = rows(
        "SELECT t.key FROM inbox_things t WHERE t.revision <> "
        "(SELECT max(d.revision) FROM inbox_deliveries d WHERE d.key = t.key) "
        "UNION SELECT d.key FROM inbox_deliveries d "
        "WHERE NOT EXISTS (SELECT 1 FROM inbox_things t WHERE t.key = d.key)"
    )
    print(f"killed {kills} times, database crashed {crashes} times")
    print(f"answers: {dict(answers)}, of which {sum(s.doubled for s in senders)} tries were doubles")
    print(
        f"time to an answer: median {times[len(times) // 2] * 1000:.1f} ms, "
        f"99 % {times[len(times) * 99 // 100] * 1000:.0f} ms, longest {times[-1]:.2f} s"
    )
    print(f"deliveries answered 200: {len(accepted)}; in the store: {len(stored)}, {dict(outcomes)}")
    faults = {
        "answered 200 and not in the store": [body for body in accepted if body not in stored],
        "in the store more than once": [body for body, count in stored.items() if count > 1],
        "in the store and never sent": [body for body in stored if body not in sent],
        "things whose newest revision is not the one applied": behind,
        "deliveries that still wait": [()] * outcomes["waiting"],
        "answers that took 10 s and more": [time for time in times if time >= 10],
        "too few deliveries to say anything": [()] * (len(accepted) < 100),
    }
    for fault, found in faults.items():
        print(f"{fault}: {len(found)}")
    sys.exit(1 if any(faults.values()) else 0)


if __name__ == "__main__":
    main()
