// Serves the module of the first argument on loopback, and prints the port.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { worker } from "../worker.mjs";

const { fetch } = worker(new WebAssembly.Module(readFileSync(process.argv[2])));

const server = createServer(async (incoming, outgoing) => {
  const headers = new Headers();
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i], incoming.rawHeaders[i + 1]);
  }
  const { method } = incoming;
  const body = method === "GET" ? undefined : incoming;
  const url = new URL(incoming.url, "http://localhost");
  const response = await fetch(new Request(url, { method, headers, body, duplex: "half" }));
  outgoing.writeHead(response.status, [...response.headers].flat());
  outgoing.end(new Uint8Array(await response.arrayBuffer()));
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
