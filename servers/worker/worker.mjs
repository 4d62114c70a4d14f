// A host of the module. In a Worker: `import module from "./receiver_worker.wasm"`
// and `export default worker(module)`.

// What the webhooks keep of a body. More is read, so that the answer arrives, and dropped.
const KEPT = 1024 * 1024;
const READ = 8 * KEPT;

export function worker(module) {
  let receiver;

  function ask(head, body) {
    receiver ??= new WebAssembly.Instance(module).exports;
    const { memory, room, receive, answer_at, answer_length } = receiver;
    const line = new TextEncoder().encode(JSON.stringify(head) + "\n");
    const message = room(line.length + body.length);
    new Uint8Array(memory.buffer).set(line, message);
    new Uint8Array(memory.buffer).set(body, message + line.length);
    try {
      receive();
    } catch (panic) {
      console.error(panic);
      receiver = undefined; // The answer stands in the old one; the next delivery gets a new one.
    }
    return new Uint8Array(memory.buffer, answer_at(), answer_length());
  }

  return {
    async fetch(request) {
      const path = new URL(request.url).pathname;
      const head = { method: request.method, path, headers: [...request.headers] };
      const answer = ask(head, await read(request.body));
      const line = answer.indexOf(10);
      const { status, headers } = JSON.parse(new TextDecoder().decode(answer.subarray(0, line)));
      return new Response(answer.slice(line + 1), { status, headers });
    },
  };
}

async function read(body) {
  const kept = [];
  let length = 0;
  for await (const piece of body ?? []) {
    if (length <= KEPT) kept.push(piece);
    length += piece.length;
    if (length > READ) break;
  }
  return new Uint8Array(await new Blob(kept).arrayBuffer());
}
