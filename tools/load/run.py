"""Runs the kinds of senders against each server at once, and judges."""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "..", "tests", "data")
SECONDS = int(sys.argv[2])
LIMIT = 65_536
SLOW = 40
# The shortest time that a provider allows, in milliseconds.
ALLOWED = 10_000


def signature(path, key):
    digest = subprocess.run(["openssl", "dgst", "-sha256", "-hmac", key, "-binary", path],
                            capture_output=True, check=True).stdout
    return subprocess.run(["openssl", "base64", "-A"], input=digest, capture_output=True,
                          check=True).stdout.decode()


def kinds(folder):
    order = os.path.join(DATA, "porterbuddy", "order-status.json")
    item = os.path.join(DATA, "musement", "order-item.json")
    notification = os.path.join(DATA, "bandwidth", "order-notification.xml")
    question = os.path.join(DATA, "bandwidth", "port-out.xml")
    # Beyond the limit, and not so far that it is not read to its end.
    large = os.path.join(folder, "large")
    with open(large, "wb") as file:
        file.write(b"x" * (LIMIT * 4))
    bandwidth = "Authorization: Basic YmFuZHdpZHRoLXVzZXI6YmFuZHdpZHRoLXBhc3N3b3Jk"
    musement = "Authorization: Basic Sm9oblNtaXRoOlN3b3JkZmlzaA=="
    signed = "x-porterbuddy-hmac-SHA256: "
    right = signed + signature(order, "porterbuddy-api-key")
    forged = signed + signature(order, "another key")
    notifications, port_out = "/bandwidth/notifications", "/bandwidth/port-out"
    # Name, path, header, body, status, connections, whether it is a good sender.
    return [
        ("good: Musement", "/musement", musement, item, 200, 4, True),
        ("good: Porterbuddy", "/porterbuddy", right, order, 200, 4, True),
        ("good: Bandwidth", notifications, bandwidth, notification, 200, 4, True),
        ("good: port-out", port_out, bandwidth, question, 200, 4, True),
        ("forged signature", "/porterbuddy", forged, order, 403, 8, False),
        ("forged credentials", notifications, musement, notification, 401, 8, False),
        ("no credentials", port_out, "", question, 401, 8, False),
        ("too large", notifications, bandwidth, large, 413, 4, False),
        ("too large, unknown", notifications, "", large, 401, 4, False),
    ]


def memory(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s*(\d+)", status.read())[1]) // 1024


async def slow(port, until, outcomes):
    """A byte a second, with the right credentials, until the server answers."""
    while time.monotonic() < until:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /musement HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
                     b"Authorization: Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==\r\n\r\n")
        answer = asyncio.create_task(reader.readline())
        start = time.monotonic()
        try:
            while not answer.done() and time.monotonic() < start + 30:
                writer.write(b" ")
                await writer.drain()
                await asyncio.wait([answer], timeout=1)
            line = await asyncio.wait_for(answer, 1)
        except (ConnectionError, asyncio.TimeoutError) as error:
            line = type(error).__name__.encode()
        outcomes.append((line.decode().strip(), time.monotonic() - start))
        writer.close()


def slow_senders(port, until, outcomes):
    async def run():
        await asyncio.gather(*(slow(port, until, outcomes) for _ in range(SLOW)))

    asyncio.run(run())


def load(program, folder):
    environment = dict(os.environ, ADDR="127.0.0.1:0", BODY_LIMIT=str(LIMIT))
    server = subprocess.Popen([program], env=environment, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)
    url = server.stderr.readline().split()[-1]
    threading.Thread(target=server.stderr.read, daemon=True).start()
    outcomes, failures = [], []
    until = time.monotonic() + SECONDS
    crawl = threading.Thread(target=slow_senders, args=(int(url.rsplit(":", 1)[1]), until, outcomes))
    crawl.start()
    running = []
    for name, path, header, body, status, connections, _ in (all_kinds := kinds(folder)):
        variables = dict(os.environ, LOAD_STATUS=str(status), LOAD_HEADER=header,
                         LOAD_BODY=body)
        running.append(subprocess.Popen(
            ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--timeout", "30s", "-s",
             os.path.join(HERE, "kind.lua"), url + path],
            env=variables, stdout=subprocess.PIPE, text=True))
    samples = []
    while time.monotonic() < until - 1:
        time.sleep(SECONDS / 12)
        samples.append(memory(server.pid))

    print(f"\n{os.path.basename(program)}, {SECONDS} s\n")
    print("| sender | right answers | wrong | errors | 99 % within | slowest |\n|---|---|---|---|---|---|")
    for (name, *_, good), process in zip(all_kinds, running):
        output = process.communicate()[0]
        found = re.search(r"RESULT (\d+) (\d+) (\d+) ([\d.]+) ([\d.]+)", output)
        right, wrong, errors = (int(number) for number in found.groups()[:3])
        within, slowest = (float(number) for number in found.groups()[3:])
        print(f"| {name} | {right} | {wrong} | {errors} | {within} ms | {slowest} ms |")
        if wrong or errors or not right:
            failures.append(f"{name}: {wrong} wrong, {errors} errors, {right} right")
        if good and slowest > ALLOWED:
            failures.append(f"{name}: {slowest} ms")
    crawl.join()
    expected = [line for line, took in outcomes if line.startswith("HTTP/1.1 408") and took < 15]
    print(f"| a byte a second | {len(expected)} | {len(outcomes) - len(expected)} | 0 | | "
          f"{max((took for _, took in outcomes), default=0) * 1000:.0f} ms |")
    if len(expected) != len(outcomes) or not outcomes:
        failures.append(f"slow: {sorted(set(line for line, _ in outcomes))}")

    print("\nmemory in MiB:", *samples)
    settled, last = max(samples[: len(samples) // 2]), max(samples[len(samples) // 2:])
    if last > settled * 1.2 + 4:
        failures.append(f"memory grew from {settled} to {last} MiB")
    server.terminate()
    server.wait(20)
    return failures


def main():
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in ["axum", "actix"]:
            program = os.path.join(sys.argv[1], kind + "_server")
            failures += [f"{kind}: {failure}" for failure in load(program, folder)]
    for failure in failures:
        print("FAILED", failure)
    if not failures:
        print("\nno wrong answer, memory flat, good senders in time")
    sys.exit(1 if failures else 0)


main()
